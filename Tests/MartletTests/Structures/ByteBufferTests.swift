// The byte buffer against a plain array, and what it does with its memory.

import Testing

@testable import Martlet

struct ByteBufferTests {
    @Test func randomUseAgreesWithAnArray() {
        var random = TestRandom()
        for round in 0..<40 {
            var buffer = round % 2 == 0 ? ByteBuffer() : ByteBuffer(capacity: 1 + random.below(5000))
            var model: [UInt8] = []
            for _ in 0..<300 {
                step(&buffer, &model, &random)
                let (bytes, count, isEmpty) = (buffer.bytes.copied(), buffer.count, buffer.isEmpty)
                #expect(bytes == model, "seed \(random.seed)")
                #expect(count == model.count && isEmpty == model.isEmpty, "seed \(random.seed)")
                #expect(buffer.capacity >= count + buffer.room, "seed \(random.seed)")
            }
        }
    }

    private func step(_ buffer: inout ByteBuffer, _ model: inout [UInt8], _ random: inout TestRandom) {
        let bytes = random.bytes(random.below(random.below(10) == 0 ? 3000 : 40))
        switch random.below(12) {
        case 0...2:
            buffer.append(bytes.span)
            model += bytes
        case 3:
            bytes.withUnsafeBytes { buffer.append($0) }
            model += bytes
        case 4:
            let byte = UInt8(truncatingIfNeeded: random.next())
            buffer.append(byte)
            model.append(byte)
        case 5:
            buffer.append("static" as StaticString)
            buffer.append(text: "text" + "")
            model += Array("statictext".utf8)
        case 6:
            // As a socket is read: more room than is used.
            let place = buffer.reserve(bytes.count + 10)
            UnsafeMutableRawBufferPointer(start: place, count: bytes.count).copyBytes(from: bytes)
            buffer.commit(bytes.count)
            model += bytes
        case 7, 8:
            let count = random.below(model.count + 1)
            buffer.consume(count)
            model.removeFirst(count)
        case 9:
            let offset = random.below(model.count + 1)
            bytes.withUnsafeBytes { buffer.insert($0, at: offset) }
            model.insert(contentsOf: bytes, at: offset)
        case 10:
            let count = random.below(model.count + 1)
            buffer.truncate(to: count)
            model.removeLast(model.count - count)
        default:
            switch random.below(20) {
            case 0:
                buffer.clear()
                model = []
            case 1:
                buffer.release()
                model = []
            default: break
            }
        }
    }

    @Test func nothingIsAllocatedBeforeTheFirstByte() {
        var buffer = ByteBuffer()
        #expect(buffer.capacity == 0)
        #expect(buffer.unsafeBytes.baseAddress == nil)
        buffer.append([UInt8]().span)
        #expect(buffer.count == 0)
        buffer.append(1)
        #expect(buffer.capacity > 0)
        buffer.release()
        #expect(buffer.capacity == 0)
    }

    @Test func consumedRoomIsUsedAgain() {
        var buffer = ByteBuffer(capacity: 1024)
        let block = [UInt8](repeating: 1, count: 700)
        for _ in 0..<100 {
            buffer.append(block.span)
            buffer.consume(690)
            buffer.consume(buffer.count - 10)
        }
        #expect(buffer.count == 10)
        #expect(buffer.capacity == 1024)
    }

    @Test func aCeilingIsKept() {
        var buffer = ByteBuffer(capacity: 1024)
        buffer.ceiling = 3000
        let block = [UInt8](repeating: 1, count: 500)
        for _ in 0..<6 { buffer.append(block.span) }
        var isOverflown = buffer.isOverflown
        #expect(buffer.count == 3000 && !isOverflown)
        for _ in 0..<1000 { buffer.append(block.span) }
        isOverflown = buffer.isOverflown
        #expect(isOverflown && buffer.capacity <= 6000)
        // More at once than there is room for must go somewhere.
        buffer.append([UInt8](repeating: 2, count: 100_000).span)
        #expect(buffer.count == 100_000)
    }
}
