// The slab allocator against a list of what was handed out.

import Testing

@testable import Martlet

@Suite struct HeapTests {
    @Test func sizeClasses() {
        #expect(Heap.roundedSize(0) == 8)
        #expect(Heap.roundedSize(1) == 8)
        #expect(Heap.roundedSize(100) == 104)
        #expect(Heap.roundedSize(256) == 256)
        #expect(Heap.roundedSize(257) == 272)
        #expect(Heap.roundedSize(512) == 512)
        #expect(Heap.roundedSize(513) == 544)
        #expect(Heap.roundedSize(1024) == 1024)
        for size in 0...5000 {
            let rounded = Heap.roundedSize(size)
            #expect(rounded >= size && Heap.roundedSize(rounded) == rounded, "size \(size)")
            #expect(rounded - size < 32, "size \(size)")
        }
    }

    @Test func freshHeapMapsNothing() {
        var heap = Heap()
        #expect(heap.bytesReserved == 0 && heap.bytesInUse == 0)
        let block = heap.allocate(100)
        #expect(heap.bytesInUse == 104 && heap.bytesReserved == 1 << 20)
        heap.free(block, 100)
        #expect(heap.bytesInUse == 0)
    }

    private struct Held {
        let block: UnsafeMutableRawPointer
        let size: Int
        let mark: UInt8
    }

    private func isIntact(_ held: Held) -> Bool {
        UnsafeRawBufferPointer(start: held.block, count: held.size).allSatisfy { $0 == held.mark }
    }

    /// Blocks stay apart and keep their content whatever else happens; the books balance.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func keepsContent(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var heap = Heap()
        var held: [Held] = []
        var inUse = 0
        for step in 0..<60_000 {
            // Grows for a while, then shrinks, several times over.
            let isGrowing = (step / 10_000) % 2 == 0
            if held.isEmpty || random.below(10) < (isGrowing ? 7 : 3) {
                let size =
                    random.below(50) == 0 ? random.below(40_000) : random.below(random.below(2) == 0 ? 130 : 1100)
                let block = heap.allocate(size)
                #expect(Int(bitPattern: block) % 8 == 0)
                let mark = UInt8(random.below(256))
                block.initializeMemory(as: UInt8.self, repeating: mark, count: size)
                held.append(Held(block: block, size: size, mark: mark))
                inUse += Heap.roundedSize(size) + (size > Heap.smallLimit ? 24 : 0)
            } else {
                held.swapAt(random.below(held.count), held.count - 1)
                let gone = held.removeLast()
                #expect(isIntact(gone), "seed \(seed), step \(step)")
                heap.free(gone.block, gone.size)
                inUse -= Heap.roundedSize(gone.size) + (gone.size > Heap.smallLimit ? 24 : 0)
            }
            if step % 1000 == 0 {
                let problem = heap.brokenInvariant()
                #expect(problem == nil, "seed \(seed), step \(step)")
            }
            #expect(heap.bytesInUse == inUse, "seed \(seed), step \(step)")
        }
        for each in held {
            #expect(isIntact(each), "seed \(seed)")
            heap.free(each.block, each.size)
        }
        let problem = heap.brokenInvariant()
        #expect(problem == nil, "seed \(seed)")
        #expect(heap.bytesInUse == 0)
        #expect(heap.bytesReserved <= 1 << 20)
    }

    @Test func memoryGoesBack() {
        var heap = Heap()
        let blocks = (0..<100_000).map { _ in heap.allocate(100) }
        let full = heap.bytesReserved
        #expect(full >= 100_000 * 104 && full <= 11 << 20)
        for block in blocks { heap.free(block, 100) }
        #expect(heap.bytesReserved <= 1 << 20)
    }

    /// A page's worth of blocks freed and taken again leaves the mapping alone.
    @Test func alternationKeepsItsChunk() {
        var heap = Heap()
        for _ in 0..<1000 {
            let block = heap.allocate(64)
            heap.free(block, 64)
            #expect(heap.bytesReserved == 1 << 20)
        }
        let kept = (0..<16_128).map { _ in heap.allocate(64) }
        let before = heap.bytesReserved
        for _ in 0..<1000 {
            let more = heap.allocate(64)
            heap.free(more, 64)
            #expect(heap.bytesReserved <= before + 1 << 20)
        }
        for block in kept { heap.free(block, 64) }
    }

    @Test func releasesWhatIsLeft() {
        var heap = Heap()
        for size in [8, 100, 1024, 1025, 1 << 20, 3 << 20] { _ = heap.allocate(size) }
        #expect(heap.bytesInUse > 4 << 20)
    }
}
