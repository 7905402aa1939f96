// Pages from the system: aligned, zeroed, writable, and given back.

import Testing

@testable import Martlet

@Suite struct MemoryTests {
    @Test(arguments: [16 << 10, 1 << 20])
    func mapsAligned(alignment: Int) throws {
        let bytes = 64 << 10
        let blocks = try (0..<5).map { _ in try #require(SystemMemory.map(bytes: bytes, alignment: alignment)) }
        for block in blocks {
            #expect(Int(bitPattern: block) % alignment == 0)
            let content = UnsafeMutableRawBufferPointer(start: block, count: bytes)
            #expect(content.allSatisfy { $0 == 0 })
            content[0] = 1
            content[bytes - 1] = 1
            SystemMemory.discard(block, bytes: 16 << 10)
            content[0] = 2
            #expect(content[0] == 2 && content[bytes - 1] == 1)
        }
        for block in blocks { SystemMemory.unmap(block, bytes: bytes) }
    }

    @Test func refusesTheImpossible() {
        #expect(SystemMemory.map(bytes: 1 << 60, alignment: 16 << 10) == nil)
    }

    @Test func allocatesAligned() {
        for alignment in [16, 64, 4096] {
            let block = SystemMemory.allocate(bytes: 100, alignment: alignment)
            #expect(Int(bitPattern: block) % alignment == 0)
            SystemMemory.free(block)
        }
        let block = SystemMemory.reallocate(nil, bytes: 8)
        block.storeBytes(of: 77, as: Int.self)
        let moved = SystemMemory.reallocate(block, bytes: 100_000)
        #expect(moved.load(as: Int.self) == 77)
        SystemMemory.free(moved)
    }
}
