// Large values: room to read into, growing, shrinking, and what is shared stays as it is.

import Testing

@testable import Martlet

struct LargeBytesTests {
    private func make(_ bytes: [UInt8], capacity: Int = 0) throws -> LargeBytes {
        let large = try #require(LargeBytes(capacity: max(capacity, bytes.count)))
        #expect(large.resize(to: bytes.count))
        large.write(bytes.span, at: 0)
        return large
    }

    private func bytes(_ large: LargeBytes) -> [UInt8] { large.bytes.copied() }

    @Test func startsEmpty() throws {
        let large = try #require(LargeBytes(capacity: 0))
        #expect(large.count == 0)
        #expect(bytes(large) == [])
        #expect(large.capacity >= 0)
    }

    @Test func isReadIntoPieceByPiece() throws {
        let large = try #require(LargeBytes(capacity: 100))
        for byte in UInt8(0)..<4 {
            let room = large.unsafeRoom
            #expect(room.count == 100 - 25 * Int(byte))
            room.copyBytes(from: [UInt8](repeating: byte, count: 25))
            large.commit(25)
        }
        #expect(large.unsafeRoom.count == 0)
        #expect(bytes(large) == (0..<4).flatMap { [UInt8](repeating: $0, count: 25) })
    }

    @Test func growsWithZeros() throws {
        let large = try make([1, 2, 3])
        #expect(large.resize(to: 1000))
        #expect(bytes(large) == [1, 2, 3] + [UInt8](repeating: 0, count: 997))
        #expect(large.resize(to: 2))
        #expect(bytes(large) == [1, 2])
        // What was cut off does not come back.
        #expect(large.resize(to: 4))
        #expect(bytes(large) == [1, 2, 0, 0])
    }

    @Test func reserveKeepsTheBytes() throws {
        let large = try make([1, 2, 3])
        #expect(large.reserve(1 << 20))
        #expect(large.capacity >= 1 << 20)
        #expect(bytes(large) == [1, 2, 3])
        #expect(large.memoryBytes >= large.capacity)
    }

    @Test func impossibleSizesAreRefused() throws {
        #expect(LargeBytes(capacity: .max / 2) == nil)
        let large = try make([1])
        #expect(!large.reserve(.max / 2))
        #expect(!large.resize(to: .max / 2))
        #expect(bytes(large) == [1])
    }

    /// It counts itself from when it joins until it is freed, as large as it is.
    @Test func countsItself() throws {
        let account = LargeBytesAccount()
        do {
            let large = try make([1, 2, 3], capacity: 1000)
            #expect(large.selfCountedBytes == 0 && account.bytes == 0)
            large.join(account)
            large.join(account)
            #expect(large.selfCountedBytes == large.memoryBytes && account.bytes == large.memoryBytes)
            #expect(large.reserve(5000) && account.bytes == 5080)
            do {
                let departure = large.depart()
                #expect(account.departingBytes == 5080 && account.bytes == 5080)
                _ = consume departure
            }
            #expect(account.departingBytes == 0)
        }
        #expect(account.bytes == 0)
    }

    @Test func writesWithin() throws {
        let large = try make([1, 2, 3, 4, 5])
        large.write(([9, 8] as [UInt8]).span, at: 3)
        large.write(([7] as [UInt8]).span, at: 0)
        large.write([UInt8]().span, at: 5)
        #expect(bytes(large) == [7, 2, 3, 9, 8])
        large.withMutableBytes { $0[1] = 0 }
        #expect(bytes(large) == [7, 0, 3, 9, 8])
    }
}
