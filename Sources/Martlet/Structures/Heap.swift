// A slab allocator for one owner: small blocks from pages of one size class, large ones from malloc.
//
//   chunk (1 MiB, mapped)                   page (16 KiB, 16-KiB aligned)
//   +--------+--------+-- ... --+--------+  +----------------+-------+-------+-- ... --+
//   | page 0 | page 1 |         | page 63|  | header (64 B)  | block | block |         |
//   +--------+--------+-- ... --+--------+  +----------------+-------+-------+-- ... --+
//
// A block has no header: its page is found by masking its address and knows the size class. Freed blocks form a list
// through their first word; a page's untouched end is handed out last, so that it stays unmapped until needed. The
// caller tells the size again when it frees. How pages come and go is in Heap+Pages.swift. No locks.

/// The head of a page; the blocks follow at offset 64.
struct HeapPage {
    static let bytes = 16 << 10
    static let headerBytes = 64

    var freeBlock: UnsafeMutableRawPointer?
    /// Neighbours among the pages of the class that have room, or among the free pages.
    var previous: UnsafeMutablePointer<HeapPage>?
    var next: UnsafeMutablePointer<HeapPage>?
    let chunk: UnsafeMutablePointer<HeapChunk>
    /// Where the blocks that were never handed out begin.
    var untouched: UInt32
    var used: UInt32
    let capacity: UInt32
    let blockBytes: UInt32
    let sizeClass: UInt8
}

/// Stands before each large block and links them all.
private struct LargeBlock {
    static let bytes = MemoryLayout<LargeBlock>.stride

    var previous: UnsafeMutablePointer<LargeBlock>?
    var next: UnsafeMutablePointer<LargeBlock>?
}

struct Heap: ~Copyable {
    /// Blocks above this come from malloc.
    static let smallLimit = 1024
    private static let classCount = 64

    /// What the blocks handed out occupy: sizes rounded to their class; large blocks with their overhead.
    private(set) var bytesInUse = 0
    /// The first page with room of each class.
    private let roomy: UnsafeMutablePointer<UnsafeMutablePointer<HeapPage>?>
    private var large: UnsafeMutablePointer<LargeBlock>?
    private var largeBytes = 0
    private var pages = HeapPages()

    init() {
        let table = SystemMemory.allocate(bytes: Self.classCount * MemoryLayout<UnsafeMutableRawPointer?>.stride)
        roomy = table.bindMemory(to: UnsafeMutablePointer<HeapPage>?.self, capacity: Self.classCount)
        roomy.initialize(repeating: nil, count: Self.classCount)
    }

    /// Releases everything that was ever allocated, in steps of chunks and large blocks.
    deinit {
        pages.releaseAll()
        var block = large
        while let current = block {
            block = current.pointee.next
            SystemMemory.free(current)
        }
        SystemMemory.free(roomy)
    }

    /// Blocks in pages, and the chunks that those lie in: what does not come from malloc.
    var mappedBytesInUse: Int { bytesInUse - largeBytes }
    var bytesMapped: Int { pages.bytesMapped }

    /// What is held from the operating system: mapped chunks and large blocks.
    var bytesReserved: Int { pages.bytesMapped + largeBytes }

    /// The bytes that a block of `byteCount` really has room for, and what it counts in `bytesInUse` if it is small.
    static func roundedSize(_ byteCount: Int) -> Int {
        if byteCount <= smallLimit { return blockBytes(sizeClass(byteCount)) }
        // malloc keeps 8 bytes of its own and rounds to 16; saturating, so that a size beyond reason stays one.
        return byteCount > Int.max - 64 ? byteCount : ((byteCount + 8 + 15) & ~15) - 8
    }

    /// A block of at least `byteCount` bytes, aligned to 8 bytes, its content undefined.
    mutating func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount <= Self.smallLimit else { return allocateLarge(byteCount) }
        let sizeClass = Self.sizeClass(byteCount)
        let page = roomy[sizeClass] ?? takePage(sizeClass)
        let block: UnsafeMutableRawPointer
        if let free = page.pointee.freeBlock {
            block = free
            page.pointee.freeBlock = free.load(as: UnsafeMutableRawPointer?.self)
        } else {
            block = UnsafeMutableRawPointer(page) + Int(page.pointee.untouched)
            page.pointee.untouched += page.pointee.blockBytes
        }
        page.pointee.used += 1
        bytesInUse += Int(page.pointee.blockBytes)
        if page.pointee.used == page.pointee.capacity { unlink(page) }
        return block
    }

    /// Takes back a block that `allocate` gave for the same `byteCount` (or one of the same rounded size).
    mutating func free(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
        guard byteCount <= Self.smallLimit else { return freeLarge(block, byteCount) }
        let page = Self.page(of: block)
        assert(Int(page.pointee.sizeClass) == Self.sizeClass(byteCount), "a block freed with another size")
        assert(page.pointee.used > 0, "a block freed twice")
        assert(
            (Int(bitPattern: block) - Int(bitPattern: page) - HeapPage.headerBytes) % Int(page.pointee.blockBytes) == 0,
            "not the address of a block")
        block.storeBytes(of: page.pointee.freeBlock, as: UnsafeMutableRawPointer?.self)
        page.pointee.freeBlock = block
        bytesInUse -= Int(page.pointee.blockBytes)
        page.pointee.used -= 1
        if page.pointee.used == page.pointee.capacity - 1 { link(page) }
        if page.pointee.used == 0 {
            unlink(page)
            pages.putBack(page)
        }
    }

    // MARK: Size classes

    /// Steps of 8 up to 256, of 16 up to 512, of 32 up to 1024.
    @inline(__always)
    private static func sizeClass(_ byteCount: Int) -> Int {
        if byteCount <= 256 { return (max(byteCount, 1) - 1) >> 3 }
        if byteCount <= 512 { return 32 + (byteCount - 257) >> 4 }
        return 48 + (byteCount - 513) >> 5
    }

    private static func blockBytes(_ sizeClass: Int) -> Int {
        if sizeClass < 32 { return (sizeClass + 1) * 8 }
        if sizeClass < 48 { return 256 + (sizeClass - 31) * 16 }
        return 512 + (sizeClass - 47) * 32
    }

    // MARK: Pages

    @inline(__always)
    private static func page(of block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<HeapPage> {
        let offset = Int(UInt(bitPattern: block) & UInt(HeapPage.bytes - 1))
        return (block - offset).assumingMemoryBound(to: HeapPage.self)
    }

    @inline(never)
    private mutating func takePage(_ sizeClass: Int) -> UnsafeMutablePointer<HeapPage> {
        let blockBytes = Self.blockBytes(sizeClass)
        let (address, chunk) = pages.take()
        let page = address.bindMemory(to: HeapPage.self, capacity: 1)
        page.initialize(
            to: HeapPage(
                freeBlock: nil, previous: nil, next: nil, chunk: chunk, untouched: UInt32(HeapPage.headerBytes),
                used: 0,
                capacity: UInt32((HeapPage.bytes - HeapPage.headerBytes) / blockBytes), blockBytes: UInt32(blockBytes),
                sizeClass: UInt8(sizeClass)))
        link(page)
        return page
    }

    private func link(_ page: UnsafeMutablePointer<HeapPage>) {
        let sizeClass = Int(page.pointee.sizeClass)
        let first = roomy[sizeClass]
        page.pointee.previous = nil
        page.pointee.next = first
        first?.pointee.previous = page
        roomy[sizeClass] = page
    }

    private func unlink(_ page: UnsafeMutablePointer<HeapPage>) {
        let (previous, next) = (page.pointee.previous, page.pointee.next)
        next?.pointee.previous = previous
        if let previous {
            previous.pointee.next = next
        } else {
            roomy[Int(page.pointee.sizeClass)] = next
        }
    }

    // MARK: Large blocks

    private static func largeOverhead(_ byteCount: Int) -> Int {
        roundedSize(byteCount) + LargeBlock.bytes + 8
    }

    @inline(never)
    private mutating func allocateLarge(_ byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount <= Int.max - 64 else { SystemMemory.outOfMemory(bytes: byteCount) }
        let bytes = Self.roundedSize(byteCount) + LargeBlock.bytes
        let block = SystemMemory.allocate(bytes: bytes).bindMemory(to: LargeBlock.self, capacity: 1)
        block.initialize(to: LargeBlock(previous: nil, next: large))
        large?.pointee.previous = block
        large = block
        bytesInUse += bytes + 8
        largeBytes += bytes + 8
        return UnsafeMutableRawPointer(block) + LargeBlock.bytes
    }

    @inline(never)
    private mutating func freeLarge(_ address: UnsafeMutableRawPointer, _ byteCount: Int) {
        let block = (address - LargeBlock.bytes).assumingMemoryBound(to: LargeBlock.self)
        let (previous, next) = (block.pointee.previous, block.pointee.next)
        assert(previous == nil || previous?.pointee.next == block, "a large block freed twice, or never allocated")
        next?.pointee.previous = previous
        if let previous {
            previous.pointee.next = next
        } else {
            large = next
        }
        let bytes = Self.roundedSize(byteCount) + LargeBlock.bytes
        bytesInUse -= bytes + 8
        largeBytes -= bytes + 8
        SystemMemory.free(block)
    }

    // MARK: Invariants

    /// What is wrong with the heap, or nil.
    func brokenInvariant() -> String? {
        var problem = pages.brokenInvariant()
        for sizeClass in 0..<Self.classCount {
            var (previous, page) = (UnsafeMutablePointer<HeapPage>?.none, roomy[sizeClass])
            while let current = page {
                let header = current.pointee
                if header.previous != previous { problem = "a page list that does not lead back" }
                if Int(header.sizeClass) != sizeClass { problem = "a page in another class's list" }
                if header.used == 0 || header.used >= header.capacity { problem = "a listed page without room or use" }
                var free = 0
                var block = header.freeBlock
                while let current = block {
                    free += 1
                    block = current.load(as: UnsafeMutableRawPointer?.self)
                }
                let touched = (Int(header.untouched) - HeapPage.headerBytes) / Int(header.blockBytes)
                if touched != free + Int(header.used) { problem = "a page whose blocks do not add up" }
                (previous, page) = (current, header.next)
            }
        }
        return problem
    }
}
