// Where the heap's pages come from and go to: chunks of 64 pages, mapped and unmapped as needed.
//
// A free page is dirty (it still has memory behind it) or clean. Dirty ones wait in one list, most recent first, and
// are used before any other; when there are more than a modest reserve, the oldest go back to the operating system. A
// chunk whose pages are all free is unmapped, except for one that is kept, so that use that swings around a border
// causes no system calls.

/// One mapping. The record itself comes from malloc, so that no page of the chunk is spoilt by it.
struct HeapChunk {
    static let bytes = 1 << 20
    static let pageCount = bytes / HeapPage.bytes

    let base: UnsafeMutableRawPointer
    /// Free pages without memory behind them, one bit each; the pages are 64.
    var clean: UInt64
    /// Free pages in the dirty list.
    var dirty: UInt64
    var previous: UnsafeMutablePointer<HeapChunk>?
    var next: UnsafeMutablePointer<HeapChunk>?

    var isEmpty: Bool { clean | dirty == .max }
}

struct HeapPages {
    typealias Chunk = UnsafeMutablePointer<HeapChunk>
    typealias Page = UnsafeMutablePointer<HeapPage>

    /// All chunks; those with clean pages come first.
    private var firstChunk: Chunk?
    private var lastChunk: Chunk?
    private var chunkCount = 0
    private var emptyChunks = 0
    /// Dirty free pages, linked through their old headers, most recently freed first.
    private var newestDirty: Page?
    private var oldestDirty: Page?
    private var dirtyCount = 0
    private var usedCount = 0

    var bytesMapped: Int { chunkCount * HeapChunk.bytes }

    /// So many dirty pages are kept: half a megabyte, or a thirty-second of what is in use.
    private var reserve: Int { max(32, usedCount >> 5) }

    /// 16 KiB for a page, and the chunk that they are in.
    mutating func take() -> (UnsafeMutableRawPointer, Chunk) {
        usedCount += 1
        if let page = newestDirty {
            let chunk = page.pointee.chunk
            noteUse(of: chunk)
            forget(dirty: page)
            return (UnsafeMutableRawPointer(page), chunk)
        }
        let chunk: Chunk
        if let first = firstChunk, first.pointee.clean != 0 {
            chunk = first
        } else {
            chunk = mapChunk()
        }
        noteUse(of: chunk)
        let index = chunk.pointee.clean.trailingZeroBitCount
        chunk.pointee.clean &= chunk.pointee.clean - 1
        if chunk.pointee.clean == 0 {
            unlink(chunk)
            linkLast(chunk)
        }
        return (chunk.pointee.base + index * HeapPage.bytes, chunk)
    }

    /// Takes back a page that no block is left in.
    mutating func putBack(_ page: Page) {
        usedCount -= 1
        let chunk = page.pointee.chunk
        page.pointee.previous = nil
        page.pointee.next = newestDirty
        newestDirty?.pointee.previous = page
        newestDirty = page
        if oldestDirty == nil { oldestDirty = page }
        chunk.pointee.dirty |= Self.bit(of: page)
        dirtyCount += 1
        if chunk.pointee.isEmpty {
            if emptyChunks > 0 { return unmap(chunk) }
            emptyChunks = 1
        }
        if dirtyCount > reserve, let oldest = oldestDirty { discard(oldest) }
    }

    /// Unmaps everything, in steps of chunks; nothing is to be used afterwards.
    func releaseAll() {
        var chunk = firstChunk
        while let current = chunk {
            chunk = current.pointee.next
            SystemMemory.unmap(current.pointee.base, bytes: HeapChunk.bytes)
            SystemMemory.free(current)
        }
    }

    // MARK: Dirty pages

    private static func bit(of page: Page) -> UInt64 {
        let offset = UnsafeMutableRawPointer(page) - page.pointee.chunk.pointee.base
        return 1 << UInt64(offset / HeapPage.bytes)
    }

    private mutating func forget(dirty page: Page) {
        let (previous, next) = (page.pointee.previous, page.pointee.next)
        if let previous { previous.pointee.next = next } else { newestDirty = next }
        if let next { next.pointee.previous = previous } else { oldestDirty = previous }
        page.pointee.chunk.pointee.dirty &= ~Self.bit(of: page)
        dirtyCount -= 1
    }

    private mutating func discard(_ page: Page) {
        let (chunk, bit) = (page.pointee.chunk, Self.bit(of: page))
        forget(dirty: page)
        SystemMemory.discard(UnsafeMutableRawPointer(page), bytes: HeapPage.bytes)
        if chunk.pointee.clean == 0 {
            unlink(chunk)
            linkFirst(chunk)
        }
        chunk.pointee.clean |= bit
    }

    // MARK: Chunks

    private mutating func noteUse(of chunk: Chunk) {
        if chunk.pointee.isEmpty { emptyChunks -= 1 }
    }

    @inline(never)
    private mutating func mapChunk() -> Chunk {
        guard let base = SystemMemory.map(bytes: HeapChunk.bytes, alignment: HeapPage.bytes) else {
            SystemMemory.outOfMemory(bytes: HeapChunk.bytes)
        }
        let record = SystemMemory.allocate(bytes: MemoryLayout<HeapChunk>.stride)
        let chunk = record.bindMemory(to: HeapChunk.self, capacity: 1)
        chunk.initialize(to: HeapChunk(base: base, clean: .max, dirty: 0, previous: nil, next: nil))
        linkFirst(chunk)
        chunkCount += 1
        emptyChunks += 1
        return chunk
    }

    @inline(never)
    private mutating func unmap(_ chunk: Chunk) {
        var dirty = chunk.pointee.dirty
        while dirty != 0 {
            let address = chunk.pointee.base + dirty.trailingZeroBitCount * HeapPage.bytes
            forget(dirty: address.assumingMemoryBound(to: HeapPage.self))
            dirty &= dirty - 1
        }
        unlink(chunk)
        chunkCount -= 1
        SystemMemory.unmap(chunk.pointee.base, bytes: HeapChunk.bytes)
        SystemMemory.free(chunk)
    }

    private mutating func linkFirst(_ chunk: Chunk) {
        chunk.pointee.previous = nil
        chunk.pointee.next = firstChunk
        if let first = firstChunk { first.pointee.previous = chunk } else { lastChunk = chunk }
        firstChunk = chunk
    }

    private mutating func linkLast(_ chunk: Chunk) {
        chunk.pointee.previous = lastChunk
        chunk.pointee.next = nil
        if let last = lastChunk { last.pointee.next = chunk } else { firstChunk = chunk }
        lastChunk = chunk
    }

    private mutating func unlink(_ chunk: Chunk) {
        let (previous, next) = (chunk.pointee.previous, chunk.pointee.next)
        if let previous { previous.pointee.next = next } else { firstChunk = next }
        if let next { next.pointee.previous = previous } else { lastChunk = previous }
    }

    // MARK: Invariants

    /// What is wrong with the chunks and free pages, or nil.
    func brokenInvariant() -> String? {
        var (chunks, empty, free, dirty) = (0, 0, 0, 0)
        var seenFull = false
        var chunk = firstChunk
        while let current = chunk {
            let record = current.pointee
            if record.clean & record.dirty != 0 { return "a page both clean and dirty" }
            if record.clean != 0, seenFull { return "a chunk with clean pages behind one without" }
            seenFull = seenFull || record.clean == 0
            chunks += 1
            empty += record.isEmpty ? 1 : 0
            free += (record.clean | record.dirty).nonzeroBitCount
            dirty += record.dirty.nonzeroBitCount
            chunk = record.next
        }
        if chunks != chunkCount || empty != emptyChunks || empty > 1 { return "chunks miscounted" }
        if chunks * HeapChunk.pageCount - free != usedCount { return "used pages miscounted" }
        var listed = 0
        var page = newestDirty
        while let current = page {
            if current.pointee.chunk.pointee.dirty & Self.bit(of: current) == 0 {
                return "a listed page that is not dirty"
            }
            listed += 1
            page = current.pointee.next
        }
        return listed == dirty && dirty == dirtyCount ? nil : "dirty pages miscounted"
    }
}
