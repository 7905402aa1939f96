// Reading the commands of an append only file through a window that holds a part of it; no length is believed before
// its bytes are there.
//
//   *3 CRLF $3 CRLF SET CRLF $1 CRLF k CRLF $1 CRLF v CRLF     a command
//   #TS:1628217470 CRLF                                         a note, here the time of what follows
//
// A file may end in zeros: where the power went before the bytes were written, but not before the length was.

struct AOFReader: ~Copyable {
    enum Item {
        /// A whole command; see `withCommand`.
        case command
        case note
        case end
        /// The file ends within an item.
        case cut
        /// The bytes from `offset` on are no command.
        case malformed
    }

    private enum Step {
        case item(Item, count: Int)
        case needsMore
        /// What stands at this place of the window is not what should.
        case malformed(at: Int)
    }

    private let file: any StoredFile
    private var window: ByteBuffer
    private var isAtEnd = false
    private var words = RequestBatch()
    /// Bytes of the window that belong to the latest item.
    private var itemCount = 0
    /// Where the latest item begins in the file.
    private(set) var offset: Int
    /// Lines up to the end of the latest whole item, each word's two among them.
    private(set) var lines = 0

    private static let step = 256 * 1024
    private static let longestNote = 1024
    /// What Redis takes of a client, too.
    private static let mostWords: Int64 = 1 << 31

    /// Reads on in a file of which `window` is the part from `offset` on that has been read already.
    init(_ file: any StoredFile, window: consuming ByteBuffer = ByteBuffer(), offset: Int = 0) {
        self.file = file
        self.window = window
        self.offset = offset
    }

    /// Behind the latest item.
    var nextOffset: Int { offset + itemCount }

    /// The next item of the file.
    mutating func next() throws(SystemError) -> Item {
        window.consume(itemCount)
        offset += itemCount
        itemCount = 0
        while true {
            var bytes = ByteBuffer()
            swap(&bytes, &window)
            let step = bytes.isEmpty ? .needsMore : parse(bytes.bytes)
            swap(&bytes, &window)
            switch step {
            case .item(let item, let count):
                itemCount = count
                return item
            case .needsMore:
                if try fill() { continue }
                return window.isEmpty ? .end : .cut
            case .malformed(let place): return try endsInZeros(from: place) ? .cut : .malformed
            }
        }
    }

    private mutating func endsInZeros(from place: Int) throws(SystemError) -> Bool {
        var place = place
        while true {
            while place < window.count, window.bytes[place] == 0 { place += 1 }
            guard place == window.count else { return false }
            if try !fill() { return true }
        }
    }

    /// The words of the latest command.
    func withCommand(_ body: (borrowing Arguments) -> Void) {
        hand(window.bytes, to: body)
    }

    private func hand(_ bytes: ByteSpan, to body: (borrowing Arguments) -> Void) {
        body(words.arguments(0, in: bytes))
    }

    /// The text of the latest note, without its line's end but for the carriage return.
    var note: String { window.bytes.extracting(first: max(0, itemCount - 1)).text }

    private mutating func fill() throws(SystemError) -> Bool {
        guard !isAtEnd else { return false }
        // Twice as much each time that it was not enough, so that a long word is not read over and over.
        let wanted = max(Self.step, window.count)
        let place = window.reserve(wanted)
        let count = try file.read(into: UnsafeMutableRawBufferPointer(start: place, count: wanted))
        window.commit(count)
        isAtEnd = count == 0
        return count > 0
    }

    private mutating func parse(_ bytes: ByteSpan) -> Step {
        switch bytes[0] {
        case UInt8(ascii: "#"): return note(bytes)
        case UInt8(ascii: "*"): return command(bytes)
        default: return .malformed(at: 0)
        }
    }

    private mutating func note(_ bytes: ByteSpan) -> Step {
        for index in 0..<min(bytes.count, Self.longestNote) where bytes[index] == UInt8(ascii: "\n") {
            lines += 1
            return .item(.note, count: index + 1)
        }
        return bytes.count < Self.longestNote ? .needsMore : .malformed(at: 0)
    }

    private mutating func command(_ bytes: ByteSpan) -> Step {
        words.removeAll()
        var position = 1
        var count: Int64 = 0
        switch Self.number(bytes, &position) {
        case .value(let value) where value > 0 && value < Self.mostWords: count = value
        case .needsMore: return .needsMore
        case .value, .malformed: return .malformed(at: position)
        }
        for _ in 0..<count {
            guard position < bytes.count else { return .needsMore }
            guard bytes[position] == UInt8(ascii: "$") else { return .malformed(at: position) }
            position += 1
            switch Self.number(bytes, &position) {
            case .value(let length) where length >= 0:
                // Compared with what is there before anything is added to it.
                guard length <= bytes.count - position - 2 else { return .needsMore }
                words.append(ArgumentSlice(offset: position, count: Int(length)))
                position += Int(length)
                guard bytes[position] == 0x0D else { return .malformed(at: position) }
                guard bytes[position + 1] == 0x0A else { return .malformed(at: position + 1) }
                position += 2
            case .needsMore: return .needsMore
            case .value, .malformed: return .malformed(at: position)
            }
        }
        words.finishRequest()
        lines += 1 + 2 * words.arguments(0, in: bytes).count
        return .item(.command, count: position)
    }

    private enum Number {
        case value(Int64)
        case needsMore
        case malformed
    }

    /// The digits from `position` up to a line's end, which is passed; what is no digit is not.
    private static func number(_ bytes: ByteSpan, _ position: inout Int) -> Number {
        var value: Int64 = 0
        var digits = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x0D {
                guard digits > 0 else { return .malformed }
                guard position + 1 < bytes.count else { return .needsMore }
                position += 1
                guard bytes[position] == 0x0A else { return .malformed }
                position += 1
                return .value(value)
            }
            // Eighteen digits fit an Int64.
            guard (0x30...0x39).contains(byte), digits < 18 else { return .malformed }
            value = value * 10 + Int64(byte - 0x30)
            digits += 1
            position += 1
        }
        return .needsMore
    }
}
