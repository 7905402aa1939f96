// Reply bytes as they arrive from another server, turned into values as soon as they are whole.

/// Keeps what is not whole yet. A large value is looked through once while it arrives, and read once.
package struct ReplyParser: ~Copyable, Sendable {
    private var buffer = ByteBuffer()
    private var extent = ReplyExtent()
    private let largestReply: Int

    /// A reply of more than `largestReply` bytes breaks the protocol, because it would fill the memory.
    package init(largestReply: Int = 1 << 30) { self.largestReply = largestReply }

    /// Takes the bytes that arrived and gives every value that is whole now to `body`; false when they break the
    /// protocol, and then nothing more can be read.
    package mutating func receive(_ bytes: [UInt8], _ body: (RESPValue) -> Void) -> Bool {
        buffer.append(bytes.span)
        var position = 0
        // Out of the parser while its bytes are read.
        var extent = extent
        do throws(RESPReadError) {
            while try extent.isWhole(buffer.bytes, from: position) {
                guard let value = try RESPReader.read(buffer.bytes, at: &position) else { break }
                extent = ReplyExtent()
                body(value)
            }
        } catch {
            return false
        }
        buffer.consume(position)
        defer { self.extent = extent }
        extent.move(by: -position)
        return buffer.count <= largestReply
    }
}

/// How far a value has been looked through. Only its lengths matter: the value is whole when no element is missing, at
/// whatever depth, so there is no stack.
private struct ReplyExtent: Sendable {
    /// Where to go on; nil before the first look.
    private var position: Int?
    private var missing = 1

    mutating func move(by distance: Int) {
        if let old = position { position = old + distance }
    }

    /// Whether the value that begins at `start` is all there. The same start until it is.
    mutating func isWhole(_ bytes: ByteSpan, from start: Int) throws(RESPReadError) -> Bool {
        var place = position ?? start
        defer { position = place }
        while missing > 0 {
            guard place < bytes.count else { return false }
            guard let type = TypeByte(rawValue: bytes[place]) else { throw RESPReadError(offset: place) }
            guard let end = Self.lineEnd(bytes, from: place) else { return false }
            switch type {
            case .simpleString, .error, .integer, .null, .boolean, .double, .bigNumber: place = end
            case .bulkString, .bulkError, .verbatimString:
                let length = try Self.length(bytes, place, end)
                guard length >= 0 else {
                    place = end
                    break
                }
                guard bytes.count - end >= length + 2 else { return false }
                place = end + length + 2
            case .array, .set, .push: try expect(Self.length(bytes, place, end), &place, end)
            case .map: try expect(2 * Self.length(bytes, place, end), &place, end)
            case .attribute: try expect(2 * Self.length(bytes, place, end) + 1, &place, end)
            }
            missing -= 1
        }
        return true
    }

    private mutating func expect(_ count: Int, _ place: inout Int, _ end: Int) throws(RESPReadError) {
        let (sum, overflow) = missing.addingReportingOverflow(max(count, 0))
        guard !overflow else { throw RESPReadError(offset: place) }
        missing = sum
        place = end
    }

    /// Behind the line's CR LF; nil when it is not there yet.
    private static func lineEnd(_ bytes: ByteSpan, from start: Int) -> Int? {
        var index = start + 1
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") { return index + 2 }
            index += 1
        }
        return nil
    }

    private static func length(_ bytes: ByteSpan, _ start: Int, _ end: Int) throws(RESPReadError) -> Int {
        guard let value = parseInt64(bytes.extracting((start + 1)..<(end - 2))), value >= -1,
            value <= RESPReader.maximumLength
        else { throw RESPReadError(offset: start) }
        return Int(value)
    }
}
