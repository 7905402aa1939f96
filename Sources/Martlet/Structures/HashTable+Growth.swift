// How the table grows and shrinks: always one range of the directory at a time, rebuilt with other segments.
//
// A segment that is full takes the next larger bucket count, or splits when it has the largest; one that is half as
// full as the next smaller count allows takes that, or merges with its buddy. Full means as many elements as the
// buckets have places: by then two buckets in five are chained, which costs less than the emptiness that an earlier
// step would leave behind (14.4 bytes an element, averaged over sizes, against 14.7 at 6.5 to a bucket). Each step
// leaves room for many more inserts or removals before the next, so that the work per operation stays bounded.

enum HashTableShape {
    /// The largest bucket count of a segment, and what each half gets when it splits.
    static let fullSegment: UInt16 = 48
    static let halfSegment: UInt16 = 32
    /// Splitting further could leave hash bits of the scan cursor too few for the buckets.
    static let maximumDepth = 40

    /// How many elements a segment may hold before it grows.
    static func limit(_ bucketCount: UInt16) -> Int {
        Int(bucketCount) * HashBucket.places
    }

    /// 1 2 3 4 6 8 12 16 24 32 48
    static func larger(_ bucketCount: UInt16) -> UInt16 {
        if bucketCount == 1 { return 2 }
        let isPowerOfTwo = bucketCount & (bucketCount - 1) == 0
        return isPowerOfTwo ? bucketCount / 2 * 3 : bucketCount / 3 * 4
    }

    static func smaller(_ bucketCount: UInt16) -> UInt16 {
        if bucketCount <= 2 { return 1 }
        let isPowerOfTwo = bucketCount & (bucketCount - 1) == 0
        return isPowerOfTwo ? bucketCount / 4 * 3 : bucketCount / 3 * 2
    }
}

extension HashTable {
    /// Called before an insert: grows the segment of `hash` when it is full.
    mutating func makeRoom(_ hash: UInt64) {
        guard let directory else { return makeRoot() }
        let index = firstEntry(hash)
        let segment = directory[index]
        if Int(segment.count) >= HashTableShape.limit(segment.bucketCount) { grow(index) }
    }

    /// Called after a removal from the segment that begins at `index`.
    mutating func shrink(_ index: Int) {
        guard count > 0 else { return removeAll() }
        guard let directory else { return }
        let segment = directory[index]
        let span = entries(ofDepth: segment.depth)
        if segment.depth == 0 || segment.bucketCount > HashTableShape.halfSegment {
            let smaller = HashTableShape.smaller(segment.bucketCount)
            if smaller < segment.bucketCount, Int(segment.count) <= HashTableShape.limit(smaller) / 2 {
                rebuild(index..<index + span, pieces: 1, depth: segment.depth, bucketCount: smaller)
            }
            return
        }
        let buddy = directory[index ^ span]
        guard buddy.depth == segment.depth,
            Int(segment.count + buddy.count) <= HashTableShape.limit(HashTableShape.fullSegment) / 2
        else { return }
        let first = index & ~span
        if Int(segment.depth) == directoryDepth { deepestSegments -= 2 }
        let merged = segment.depth - 1
        rebuild(first..<first + 2 * span, pieces: 1, depth: merged, bucketCount: HashTableShape.fullSegment)
        while deepestSegments == 0, directoryDepth > 0 { halveDirectory() }
    }

    /// Frees every block that the table owns; the fields still show them.
    func releaseStorage() {
        guard let directory else { return }
        var index = 0
        while index < 1 << directoryDepth {
            let segment = directory[index]
            for number in 0..<Int(segment.bucketCount) {
                var chained = segment.bucket(number).next
                while let bucket = chained {
                    chained = bucket.next
                    SystemMemory.free(bucket.base)
                }
            }
            SystemMemory.free(segment.buckets)
            index += entries(ofDepth: segment.depth)
        }
        SystemMemory.free(directory)
    }

    mutating func makeOverflowBucket() -> HashBucket {
        overflowBuckets += 1
        let bucket = HashBucket(SystemMemory.allocate(bytes: HashBucket.bytes))
        bucket.word = 0
        return bucket
    }

    mutating func free(overflow bucket: HashBucket) {
        overflowBuckets -= 1
        SystemMemory.free(bucket.base)
    }

    /// Makes an empty table ready for so many elements, so that it need not grow on the way there.
    mutating func reserve(_ expected: Int) {
        guard directory == nil, expected > HashTableShape.limit(HashTableShape.fullSegment) else { return }
        let full = HashTableShape.limit(HashTableShape.fullSegment)
        var depth = 1
        // Hashes do not spread evenly: a tenth of the room is for that.
        while depth < HashTableShape.maximumDepth, expected >> depth > full / 10 * 9 { depth += 1 }
        let isHalf = expected >> depth < HashTableShape.limit(HashTableShape.halfSegment) / 10 * 9
        let bucketCount = isHalf ? HashTableShape.halfSegment : HashTableShape.fullSegment
        let entries = allocateDirectory(depth: depth)
        for index in 0..<1 << depth {
            (entries + index).initialize(to: makeSegment(bucketCount: bucketCount, depth: UInt8(depth)))
        }
        directory = entries
        directoryDepth = depth
        deepestSegments = 1 << depth
    }

    private mutating func makeRoot() {
        let entries = allocateDirectory(depth: 0)
        entries.initialize(to: makeSegment(bucketCount: 1, depth: 0))
        directory = entries
        directoryDepth = 0
        deepestSegments = 1
    }

    private mutating func grow(_ index: Int) {
        guard let directory else { return }
        let segment = directory[index]
        let span = entries(ofDepth: segment.depth)
        if segment.bucketCount < HashTableShape.fullSegment {
            let larger = HashTableShape.larger(segment.bucketCount)
            return rebuild(index..<index + span, pieces: 1, depth: segment.depth, bucketCount: larger)
        }
        // Hashes that all begin alike, which a good hash does not give, must not blow up the directory: it never has
        // more entries than a quarter of the elements. Such a segment lives with longer chains.
        let deepest = min(HashTableShape.maximumDepth, Int.bitWidth - 3 - count.leadingZeroBitCount)
        guard segment.depth < deepest else { return }
        var first = index
        if Int(segment.depth) == directoryDepth {
            doubleDirectory()
            first *= 2
        }
        if Int(segment.depth) + 1 == directoryDepth { deepestSegments += 2 }
        let range = first..<first + entries(ofDepth: segment.depth)
        rebuild(range, pieces: 2, depth: segment.depth + 1, bucketCount: HashTableShape.halfSegment)
    }

    /// Replaces the segments of a range of directory entries by `pieces` new ones.
    private mutating func rebuild(_ range: Range<Int>, pieces: Int, depth: UInt8, bucketCount: UInt16) {
        guard let directory else { return }
        var total = 0
        var index = range.lowerBound
        while index < range.upperBound {
            total += Int(directory[index].count)
            index += entries(ofDepth: directory[index].depth)
        }
        let block = SystemMemory.allocate(bytes: max(total, 1) * MemoryLayout<Displaced>.stride)
        let displaced = block.bindMemory(to: Displaced.self, capacity: max(total, 1))
        var end = displaced
        index = range.lowerBound
        while index < range.upperBound {
            let segment = directory[index]
            end = drain(segment, into: end)
            index += entries(ofDepth: segment.depth)
        }
        let share = range.count / pieces
        for piece in 0..<pieces {
            let start = directory + range.lowerBound + piece * share
            start.update(repeating: makeSegment(bucketCount: bucketCount, depth: depth), count: share)
        }
        for position in 0..<total { place(displaced[position].address, hash: displaced[position].hash) }
        SystemMemory.free(block)
    }

    /// Notes down a segment's elements with their hashes, then frees it. All hashing comes before any placing, so that
    /// the cache misses on the elements' keys overlap.
    private mutating func drain(
        _ segment: HashSegment, into start: UnsafeMutablePointer<Displaced>
    ) -> UnsafeMutablePointer<Displaced> {
        var end = start
        for number in 0..<Int(segment.bucketCount) {
            let head = segment.bucket(number)
            var bucket = head
            while true {
                for place in 0..<bucket.count {
                    let address = bucket.reference(place)
                    end.initialize(to: Displaced(address: address, hash: hash(Element(address).keyBytes)))
                    end += 1
                }
                let next = bucket.next
                if bucket.base != head.base { free(overflow: bucket) }
                guard let next else { break }
                bucket = next
            }
        }
        segmentBytes -= Int(segment.bucketCount) * HashBucket.bytes
        SystemMemory.free(segment.buckets)
        return end
    }

    private mutating func makeSegment(bucketCount: UInt16, depth: UInt8) -> HashSegment {
        let bytes = Int(bucketCount) * HashBucket.bytes
        segmentBytes += bytes
        let buckets = SystemMemory.allocate(bytes: bytes, alignment: HashBucket.bytes)
        let segment = HashSegment(buckets: buckets, count: 0, bucketCount: bucketCount, depth: depth)
        for number in 0..<Int(bucketCount) { segment.bucket(number).word = 0 }
        return segment
    }

    // MARK: Directory

    private func allocateDirectory(depth: Int) -> UnsafeMutablePointer<HashSegment> {
        let entries = 1 << depth
        let block = SystemMemory.allocate(bytes: entries * MemoryLayout<HashSegment>.stride)
        return block.bindMemory(to: HashSegment.self, capacity: entries)
    }

    private mutating func doubleDirectory() {
        guard let old = directory else { return }
        let new = allocateDirectory(depth: directoryDepth + 1)
        for index in 0..<1 << directoryDepth { (new + 2 * index).initialize(repeating: old[index], count: 2) }
        SystemMemory.free(old)
        directory = new
        directoryDepth += 1
        deepestSegments = 0
    }

    private mutating func halveDirectory() {
        guard let old = directory else { return }
        directoryDepth -= 1
        deepestSegments = 0
        let new = allocateDirectory(depth: directoryDepth)
        for index in 0..<1 << directoryDepth {
            (new + index).initialize(to: old[2 * index])
            if Int(old[2 * index].depth) == directoryDepth { deepestSegments += 1 }
        }
        SystemMemory.free(old)
        directory = new
    }
}

/// An element on its way from one segment to another.
private struct Displaced: BitwiseCopyable {
    let address: UnsafeMutableRawPointer
    let hash: UInt64
}
