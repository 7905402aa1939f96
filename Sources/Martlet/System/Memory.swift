// Memory from the operating system and from malloc, for the structures that manage their own storage.
//
// The one place that calls mmap, munmap, madvise and malloc. Whoever asks for memory here cannot go on without it: a
// refusal is told on standard error and ends the process, because half of a data structure cannot be served.

#if canImport(Glibc)
import CMartletSystem
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

enum SystemMemory {
    /// Fresh zeroed pages, lazily backed, or nil when the system refuses. `alignment` is a power of two.
    ///
    /// The exact size is tried first: neighbouring mappings without gaps merge into one, and the number of mappings of
    /// a process is limited. Only a misaligned answer is asked for again with room for trimming.
    static func map(bytes: Int, alignment: Int) -> UnsafeMutableRawPointer? {
        guard let exact = mapPages(bytes) else { return nil }
        if UInt(bitPattern: exact) % UInt(alignment) == 0 { return exact }
        unmap(exact, bytes: bytes)
        guard let wide = mapPages(bytes + alignment) else { return nil }
        let misalignment = Int(UInt(bitPattern: wide) % UInt(alignment))
        let lead = misalignment == 0 ? 0 : alignment - misalignment
        if lead > 0 { unmap(wide, bytes: lead) }
        if alignment > lead { unmap(wide + lead + bytes, bytes: alignment - lead) }
        return wide + lead
    }

    static func unmap(_ address: UnsafeMutableRawPointer, bytes: Int) {
        let result = munmap(address, bytes)
        assert(result == 0, "munmap of a range that was never mapped")
    }

    /// Gives the pages back while keeping the addresses: they read as anything until written again.
    static func discard(_ address: UnsafeMutableRawPointer, bytes: Int) {
        #if canImport(Darwin)
        if madvise(address, bytes, MADV_FREE_REUSABLE) != 0 { _ = madvise(address, bytes, MADV_FREE) }
        #else
        _ = madvise(address, bytes, MADV_DONTNEED)
        #endif
    }

    /// Asks the kernel for small pages everywhere in this process (Linux): huge ones may take memory that nobody uses.
    static func avoidHugePages() throws(SystemError) {
        #if os(Linux)
        _ = try checked("prctl PR_SET_THP_DISABLE", martlet_disable_huge_pages)
        #endif
    }

    /// malloc, aligned to 16 bytes or to a larger power of two.
    static func allocate(bytes: Int, alignment: Int = 16) -> UnsafeMutableRawPointer {
        if alignment <= 16 {
            guard let block = malloc(bytes) else { outOfMemory(bytes: bytes) }
            return block
        }
        var block: UnsafeMutableRawPointer?
        guard posix_memalign(&block, alignment, bytes) == 0, let block else { outOfMemory(bytes: bytes) }
        return block
    }

    /// realloc: the content moves with the block. `block` nil is a plain allocation.
    static func reallocate(_ block: UnsafeMutableRawPointer?, bytes: Int) -> UnsafeMutableRawPointer {
        guard let moved = realloc(block, bytes) else { outOfMemory(bytes: bytes) }
        return moved
    }

    static func free(_ block: UnsafeMutableRawPointer?) {
        #if canImport(Glibc)
        Glibc.free(block)
        #elseif canImport(Musl)
        Musl.free(block)
        #else
        Darwin.free(block)
        #endif
    }

    /// What malloc has handed out in this process, and what it holds for that; nil where it does not tell. Walks
    /// through its lists of free blocks: not for every command.
    static func mallocBytes() -> (inUse: Int, held: Int)? {
        #if canImport(Glibc)
        // The default handle, which glibc's header hides without _GNU_SOURCE, is the null pointer.
        guard let symbol = dlsym(nil, "mallinfo2") else { return nil }
        // The type is that of glibc's documentation, mallinfo(3).
        let figures = unsafeBitCast(symbol, to: martlet_malloc_function.self)()
        let inUse = Int(clamping: figures.uordblks) + Int(clamping: figures.hblkhd)
        return (inUse, Int(clamping: figures.arena) + Int(clamping: figures.hblkhd))
        #elseif canImport(Darwin)
        var figures = malloc_statistics_t()
        malloc_zone_statistics(nil, &figures)
        return (Int(clamping: figures.size_in_use), Int(clamping: figures.size_allocated))
        #else
        return nil
        #endif
    }

    /// Lets malloc give back what it does not need.
    static func trim() {
        #if canImport(Glibc)
        _ = malloc_trim(0)
        #elseif canImport(Darwin)
        _ = malloc_zone_pressure_relief(nil, 0)
        #endif
    }

    static func outOfMemory(bytes: Int) -> Never {
        var text = "Out of memory: \(bytes) more bytes were needed\n"
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        abort()
    }

    private static func mapPages(_ bytes: Int) -> UnsafeMutableRawPointer? {
        #if canImport(Darwin)
        let flags = MAP_PRIVATE | MAP_ANON
        #else
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        #endif
        let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
        return address == MAP_FAILED ? nil : address
    }
}
