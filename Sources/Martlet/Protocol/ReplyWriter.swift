// Replies in RESP2 and RESP3. Handlers say what they mean (a map, a double, nothing); the differences between the two
// protocols stay in here. Source: the RESP3 specification and the replies of Redis 7.

/// The protocol version a client has chosen with HELLO.
enum RESPVersion: Int, Sendable {
    case resp2 = 2
    case resp3 = 3
}

struct ReplyWriter: ~Copyable {
    var buffer: ReplyBuffer
    var version: RESPVersion

    /// Strings from here on are sent by reference instead of being copied.
    static let referenceThreshold = 16 * 1024

    init(buffer: consuming ReplyBuffer, version: RESPVersion) {
        self.buffer = buffer
        self.version = version
    }

    /// Everything written so far; the writer is empty afterwards.
    mutating func takeBuffer() -> ReplyBuffer {
        var taken = ReplyBuffer()
        swap(&taken, &buffer)
        return taken
    }

    // MARK: Scalars

    mutating func ok() { buffer.tail.append("+OK\r\n") }

    mutating func simple(_ text: StaticString) {
        buffer.tail.append(UInt8(ascii: "+"))
        buffer.tail.append(text)
        buffer.tail.append("\r\n")
    }

    mutating func simple(_ text: String) {
        buffer.tail.append(UInt8(ascii: "+"))
        buffer.tail.append(text: text)
        buffer.tail.append("\r\n")
    }

    /// An error line. Whatever a client managed to get into the text, it stays one line.
    mutating func error(_ error: ReplyError) {
        buffer.tail.append(UInt8(ascii: "-"))
        for byte in error.bytes {
            let breaksLine = byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
            buffer.tail.append(breaksLine ? UInt8(ascii: " ") : byte)
        }
        buffer.tail.append("\r\n")
    }

    mutating func integer(_ value: Int64) { header(UInt8(ascii: ":"), value) }

    mutating func integer(_ value: Int) { header(UInt8(ascii: ":"), Int64(value)) }

    /// 1 or 0 in both protocols, as most commands answer yes and no.
    mutating func integer(_ value: Bool) { header(UInt8(ascii: ":"), value ? 1 : 0) }

    mutating func boolean(_ value: Bool) {
        switch version {
        case .resp2: integer(value)
        case .resp3: buffer.tail.append(value ? "#t\r\n" : "#f\r\n")
        }
    }

    mutating func double(_ value: Double) {
        withDoubleText(value) { text in
            switch version {
            case .resp2: bulk(text)
            case .resp3:
                buffer.tail.append(UInt8(ascii: ","))
                buffer.tail.append(text)
                buffer.tail.append("\r\n")
            }
        }
    }

    mutating func bigNumber(_ digits: String) {
        switch version {
        case .resp2: bulk(digits)
        case .resp3:
            buffer.tail.append(UInt8(ascii: "("))
            buffer.tail.append(text: digits)
            buffer.tail.append("\r\n")
        }
    }

    // MARK: Nothing

    /// No value where a string was asked for.
    mutating func null() {
        switch version {
        case .resp2: buffer.tail.append("$-1\r\n")
        case .resp3: buffer.tail.append("_\r\n")
        }
    }

    /// No value where an array was asked for.
    mutating func nullArray() {
        switch version {
        case .resp2: buffer.tail.append("*-1\r\n")
        case .resp3: buffer.tail.append("_\r\n")
        }
    }

    // MARK: Strings

    mutating func bulk(_ bytes: ByteSpan) {
        bytes.withUnsafeBytes { bulk($0) }
    }

    mutating func bulk(_ text: String) {
        var text = text
        text.withUTF8 { bulk(UnsafeRawBufferPointer($0)) }
    }

    /// A number in a bulk string.
    mutating func bulk(_ number: Int64) {
        withDecimal(number) { bulk($0) }
    }

    mutating func bulk(_ large: LargeBytes) {
        guard large.count >= Self.referenceThreshold else {
            bulk(large.unsafeBytes)
            return
        }
        header(UInt8(ascii: "$"), Int64(large.count))
        buffer.append(large)
        buffer.tail.append("\r\n")
    }

    mutating func bulk(_ bytes: UnsafeRawBufferPointer) { buffer.tail.appendBulk(bytes) }

    /// Text for people, with its format (three letters: `txt`, `mkd`).
    mutating func verbatim(_ text: String, format: StaticString = "txt") {
        var text = text
        text.withUTF8 { verbatim($0.span, format: format) }
    }

    mutating func verbatim(_ text: ByteSpan, format: StaticString = "txt") {
        switch version {
        case .resp2: bulk(text)
        case .resp3:
            header(UInt8(ascii: "="), Int64(text.count + 4))
            buffer.tail.append(format)
            buffer.tail.append(":")
            buffer.tail.append(text)
            buffer.tail.append("\r\n")
        }
    }

    /// Complete messages that were written elsewhere.
    mutating func raw(_ bytes: ByteSpan) { buffer.tail.append(bytes) }

    // MARK: Aggregates: the elements follow

    mutating func array(_ count: Int) { header(UInt8(ascii: "*"), Int64(count)) }

    /// `count` pairs follow; a flat array in RESP2.
    mutating func map(_ count: Int) {
        switch version {
        case .resp2: array(count * 2)
        case .resp3: header(UInt8(ascii: "%"), Int64(count))
        }
    }

    mutating func set(_ count: Int) {
        switch version {
        case .resp2: array(count)
        case .resp3: header(UInt8(ascii: "~"), Int64(count))
        }
    }

    mutating func push(_ count: Int) {
        switch version {
        case .resp2: array(count)
        case .resp3: header(UInt8(ascii: ">"), Int64(count))
        }
    }

    /// Attributes ahead of a reply, RESP3 only.
    mutating func attribute(_ count: Int) {
        precondition(version == .resp3)
        header(UInt8(ascii: "|"), Int64(count))
    }

    enum Aggregate { case array, map, set }

    /// An aggregate whose length is known when its elements are written: `body` writes them and returns their count.
    mutating func collect<Failure: Error>(
        _ aggregate: Aggregate, _ body: (inout ReplyWriter) throws(Failure) -> Int
    ) throws(Failure) {
        let mark = buffer.mark()
        let count = try body(&self)
        let (prefix, length): (UInt8, Int) =
            switch (aggregate, version) {
            case (.array, _), (.set, .resp2): (UInt8(ascii: "*"), count)
            case (.map, .resp2): (UInt8(ascii: "*"), count * 2)
            case (.map, .resp3): (UInt8(ascii: "%"), count)
            case (.set, .resp3): (UInt8(ascii: "~"), count)
            }
        withUnsafeTemporaryAllocation(byteCount: ByteBuffer.headerRoom, alignment: 8) { room in
            // A temporary allocation of a positive size has an address.
            guard let start = room.baseAddress else { return }
            let headerCount = ByteBuffer.writeHeader(prefix, Int64(length), to: start)
            buffer.insert(UnsafeRawBufferPointer(start: start, count: headerCount), at: mark)
        }
    }

    /// Puts what `head` holds, all of it small, where `mark` was taken; see `ReplyBuffer.insert`.
    mutating func insert(_ head: consuming ReplyWriter, at mark: ReplyBuffer.Mark) {
        buffer.insert(head.buffer.tail.unsafeBytes, at: mark)
    }

    // MARK: Headers

    private mutating func header(_ prefix: UInt8, _ value: Int64) { buffer.tail.appendHeader(prefix, value) }
}
