// Visiting the table: scan with a cursor, random choice, everything, statistics and the invariants.
//
// Because buckets stand in the order of their hashes, a cursor is the lower end of the hash range that is still to
// visit, in units of 2^16 hashes, so that it is always below 2^48. A call visits the whole bucket that holds the cursor
// and answers the start of the next bucket's range. Segments may be rebuilt between calls: the range that is left stays
// the same, so an element that is there from the first call to the last is visited at least once.

/// What DEBUG output and tests want to know of a table's shape.
struct HashTableStatistics: Equatable {
    var buckets = 0
    var segments = 0
    var chainedBuckets = 0
    /// Most elements in one bucket and its chain.
    var fullestChain = 0
    var directoryDepth = 0
}

extension HashTable {
    private static var cursorBits: Int { 48 }

    /// Whether a scan that has come to `cursor` has yet to visit what has this hash.
    static func isAhead(_ hash: UInt64, of cursor: UInt64) -> Bool { hash >> 16 >= cursor }

    /// Visits one bucket and returns the cursor to go on with; 0 begins, and a returned 0 is the end. A cursor that no
    /// scan returned is harmless: it is a place like any other, or the end when it is out of range.
    func scan(from cursor: UInt64, _ body: (Element) -> Void) -> UInt64 {
        guard let directory, cursor < 1 << Self.cursorBits else { return 0 }
        let hash = cursor << 16
        let segment = directory[directoryIndex(hash)]
        let index = segment.bucketIndex(hash)
        visit(segment.bucket(index), body)
        let rangeBits = UInt64(Self.cursorBits - Int(segment.depth))
        let start = (cursor >> rangeBits) << rangeBits
        // The smallest offset whose bucket index is the next one: the inverse of `bucketIndex`, rounded up.
        let bucketCount = UInt64(segment.bucketCount)
        let next = start + ((UInt64(index + 1) << rangeBits) + bucketCount - 1) / bucketCount
        return next >> UInt64(Self.cursorBits) == 0 ? next : 0
    }

    /// Visits whole buckets from `cursor` on until `count` elements were visited or the table ends, and returns the
    /// cursor to go on with, 0 at the end. A sparse table ends the step early: after ten buckets for each element asked
    /// for.
    func scan(from cursor: UInt64, count: Int, _ body: (Element) -> Void) -> UInt64 {
        let (product, overflow) = count.multipliedReportingOverflow(by: 10)
        var bucketsLeft = overflow ? Int.max : product
        var cursor = cursor
        var visited = 0
        repeat {
            cursor = scan(from: cursor) { element in
                visited += 1
                body(element)
            }
            bucketsLeft -= 1
        } while cursor != 0 && bucketsLeft > 0 && visited < count
        return cursor
    }

    /// An element, each as likely as the others; nil when there is none.
    ///
    /// Draws a directory entry, then a number below what the fullest segment could hold if it had as few entries: the
    /// throw counts when the segment has that many elements, and then names the element.
    func random(using generator: inout SeededRandom) -> Element? {
        guard let directory else { return nil }
        while true {
            let drawn = directoryDepth == 0 ? 0 : generator.below(1 << directoryDepth)
            let span = entries(ofDepth: directory[drawn].depth)
            let segment = directory[drawn & ~(span - 1)]
            let bound = directoryDepth == 0 ? Int(segment.count) : fullestSegment * span
            let position = generator.below(bound)
            if position < Int(segment.count) { return element(position, of: segment) }
        }
    }

    /// Visits the elements that stand in the bucket where `hash` belongs: for a random one, some elements that have
    /// nothing in common but that, each about as likely as any other.
    func visitBucket(of hash: UInt64, _ body: (Element) -> Void) {
        guard let directory else { return }
        let segment = directory[directoryIndex(hash)]
        visit(segment.bucket(segment.bucketIndex(hash)), body)
    }

    /// Visits every element, in no order that means anything.
    func visitAll(_ body: (Element) -> Void) {
        forEachSegment { segment in
            for index in 0..<Int(segment.bucketCount) { visit(segment.bucket(index), body) }
        }
    }

    func statistics() -> HashTableStatistics {
        var result = HashTableStatistics()
        result.directoryDepth = directoryDepth
        forEachSegment { segment in
            result.segments += 1
            result.buckets += Int(segment.bucketCount)
            for index in 0..<Int(segment.bucketCount) {
                let bucket = segment.bucket(index)
                if bucket.next != nil { result.chainedBuckets += 1 }
                var elements = 0
                visit(bucket) { _ in elements += 1 }
                result.fullestChain = max(result.fullestChain, elements)
            }
        }
        return result
    }

    private func visit(_ head: HashBucket, _ body: (Element) -> Void) {
        var bucket = head
        while true {
            for place in 0..<bucket.count { body(Element(bucket.reference(place))) }
            guard let next = bucket.next else { return }
            bucket = next
        }
    }

    private func element(_ position: Int, of segment: HashSegment) -> Element? {
        var left = position
        for index in 0..<Int(segment.bucketCount) {
            var bucket = segment.bucket(index)
            while true {
                if left < bucket.count { return Element(bucket.reference(left)) }
                left -= bucket.count
                guard let next = bucket.next else { break }
                bucket = next
            }
        }
        return nil
    }

    private func forEachSegment(_ body: (HashSegment) -> Void) {
        guard let directory else { return }
        var index = 0
        while index < 1 << directoryDepth {
            body(directory[index])
            index += entries(ofDepth: directory[index].depth)
        }
    }

    // MARK: Invariants

    /// What is wrong with the table, or nil. Costs a walk over everything.
    func brokenInvariant() -> String? {
        guard let directory else {
            return count == 0 && memoryBytes == 0 && overflowBuckets == 0 ? nil : "an empty table that holds something"
        }
        if count == 0 { return "no element but a directory" }
        var problem: String?
        var (index, elements, deepest, bytes, overflow) = (0, 0, 0, 0, 0)
        while index < 1 << directoryDepth {
            let segment = directory[index]
            guard segment.depth <= directoryDepth else { return "a segment deeper than the directory" }
            let span = entries(ofDepth: segment.depth)
            if index & (span - 1) != 0 { return "a segment that begins in the middle of its range" }
            for copy in index..<index + span
            where directory[copy].buckets != segment.buckets || directory[copy].bucketCount != segment.bucketCount
                || directory[copy].depth != segment.depth
            {
                return "entries of one segment that differ"
            }
            if Int(segment.depth) == directoryDepth { deepest += 1 }
            if Int(segment.count) > fullestSegment { return "a segment fuller than the fullest" }
            bytes += Int(segment.bucketCount) * HashBucket.bytes
            elements += Int(segment.count)
            var inSegment = 0
            for number in 0..<Int(segment.bucketCount) {
                problem = problem ?? brokenInvariant(of: segment, number, &inSegment, &overflow)
            }
            if inSegment != Int(segment.count) { return "a segment that counts wrongly" }
            index += span
        }
        if elements != count { return "segments that do not add up" }
        if bytes != segmentBytes || overflow != overflowBuckets { return "memory that does not add up" }
        if deepest != deepestSegments || deepest == 0 { return "deepest segments miscounted" }
        return problem
    }

    private func brokenInvariant(
        of segment: HashSegment, _ number: Int, _ elements: inout Int, _ overflow: inout Int
    ) -> String? {
        var bucket = segment.bucket(number)
        while true {
            let count = bucket.count
            elements += count
            for place in 0..<count {
                let hash = hash(Element(bucket.reference(place)).keyBytes)
                if bucket.tag(place) != HashBucket.tag(of: hash) { return "a tag that is not its element's" }
                guard let directory, directory[directoryIndex(hash)].buckets == segment.buckets,
                    segment.bucketIndex(hash) == number
                else { return "an element in a bucket that is not its own" }
            }
            guard let next = bucket.next else { return nil }
            if count != 6 { return "a chained bucket with free places" }
            if next.count < 2 { return "an overflow bucket that is not needed" }
            overflow += 1
            bucket = next
        }
    }
}
