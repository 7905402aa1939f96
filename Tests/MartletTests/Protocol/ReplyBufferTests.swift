// Segments of bytes and large values against a plain array: appends, late headers, take-backs and partial sends.

import Testing

@testable import Martlet

struct ReplyBufferTests {
    private func large(_ bytes: [UInt8], in account: LargeBytesAccount? = nil) throws -> LargeBytes {
        let large = try #require(LargeBytes(capacity: bytes.count))
        if let account { large.join(account) }
        #expect(large.resize(to: bytes.count))
        large.write(bytes.span, at: 0)
        return large
    }

    @Test func randomUseAgreesWithAnArray() throws {
        var random = TestRandom()
        for _ in 0..<60 {
            let account = LargeBytesAccount()
            var buffer = ReplyBuffer()
            var model: [UInt8] = []
            // Innermost last; nothing is sent while there are any.
            var marks: [(ReplyBuffer.Mark, Int)] = []
            for _ in 0..<300 {
                switch random.below(10) {
                case 0...3:
                    let bytes = random.bytes(1 + random.below(50))
                    buffer.tail.append(bytes.span)
                    model += bytes
                case 4:
                    let bytes = random.bytes(1 + random.below(300))
                    buffer.append(try large(bytes, in: random.below(2) == 0 ? account : nil))
                    model += bytes
                case 5: marks.append((buffer.mark(), model.count))
                case 6:
                    guard let (mark, place) = marks.popLast() else { continue }
                    let header = random.bytes(1 + random.below(10))
                    header.withUnsafeBytes { buffer.insert($0, at: mark) }
                    model.insert(contentsOf: header, at: place)
                case 7:
                    guard random.below(4) == 0, let (mark, place) = marks.popLast() else { continue }
                    buffer.rewind(to: mark)
                    model.removeSubrange(place...)
                default:
                    guard marks.isEmpty else { continue }
                    let count = random.below(model.count + 1)
                    buffer.consume(count)
                    model.removeFirst(count)
                }
                #expect(buffer.count == model.count, "seed \(random.seed)")
                #expect(buffer.isEmpty == model.isEmpty, "seed \(random.seed)")
                #expect(buffer.copyBytes() == model, "seed \(random.seed)")
                let counted = buffer.selfCountedBytes
                #expect((counted > 0) == (account.bytes > 0), "seed \(random.seed)")
            }
            marks = []
            buffer.consume(model.count)
            #expect(buffer.selfCountedBytes == 0, "seed \(random.seed)")
            #expect(account.bytes == 0, "seed \(random.seed)")
            #expect(buffer.memoryBytes == buffer.tail.capacity, "seed \(random.seed)")
        }
    }

    @Test func piecesAreLimited() throws {
        var buffer = ReplyBuffer()
        for byte in 0..<10 {
            buffer.tail.append(UInt8(byte))
            buffer.append(try large([100, UInt8(byte)]))
        }
        buffer.tail.append(200)
        #expect(buffer.segmentCount == 20)
        let three = buffer.pieces(limit: 3).map { Array($0) }
        #expect(three == [[0], [100, 0], [1]])
        #expect(buffer.pieces(limit: 64).count == 21)
        buffer.consume(2)
        let two = buffer.pieces(limit: 2).map { Array($0) }
        #expect(two == [[0], [1]])
    }

    @Test func sentValuesAreLetGo() throws {
        var buffer = ReplyBuffer()
        weak var held: LargeBytes?
        do {
            let value = try large([1, 2, 3])
            held = value
            buffer.append(value)
        }
        #expect(held != nil)
        buffer.consume(2)
        #expect(held != nil)
        buffer.consume(1)
        #expect(held == nil)
        #expect(buffer.isEmpty == true)
        #expect(buffer.isContiguous == true)
    }

    /// One value in several buffers is counted by itself, and in each of them.
    @Test func sharedValuesCountThemselves() throws {
        let account = LargeBytesAccount()
        var first = ReplyBuffer()
        var second = ReplyBuffer()
        do {
            let value = try large([UInt8](repeating: 1, count: 1000), in: account)
            first.append(value)
            second.append(value)
            second.append(try large([UInt8](repeating: 2, count: 500)))
        }
        #expect(first.memoryBytes == 1000)
        #expect(first.selfCountedBytes == 1000)
        #expect(second.memoryBytes == 1500)
        #expect(second.selfCountedBytes == 1000)
        #expect(account.bytes == 1080)
        first.release()
        #expect(first.selfCountedBytes == 0)
        second.consume(999)
        #expect(second.selfCountedBytes == 1000)
        #expect(account.bytes == 1080)
        second.consume(1)
        #expect(second.memoryBytes == 500)
        #expect(second.selfCountedBytes == 0)
        #expect(account.bytes == 0)
    }

    @Test func releaseForgetsAll() throws {
        var buffer = ReplyBuffer()
        buffer.tail.append("abc" as StaticString)
        buffer.append(try large([1, 2, 3]))
        buffer.consume(4)
        buffer.release()
        #expect(buffer.isEmpty == true)
        #expect(buffer.count == 0)
        #expect(buffer.memoryBytes == 0)
        buffer.tail.append(7)
        #expect(buffer.copyBytes() == [7])
    }
}
