// A hash table of 8-byte references whose buckets stand in the order of their hashes, so that it grows and shrinks in
// small steps and can be scanned meanwhile.
//
//   directory, indexed by the top bits of the hash          a segment: 1 to 48 buckets, 64-byte aligned
//   +-----------------------------------------+             +--------+--------+-- ... --+--------+
//   | segment, its count, bucket count, depth | ----------> | bucket | bucket |         | bucket |
//   +-----------------------------------------+             +--------+--------+-- ... --+--------+
//
// This is extendible hashing by prefix: a segment of depth d holds every hash that begins with its d bits; the hash
// bits after the prefix, scaled to the bucket count, name the bucket. Bucket counts go 1 2 3 4 6 8 12 16 24 32 48; a
// full segment of 48 splits into two of 32. No step touches more than 336 elements (see HashTable+Growth.swift).

/// An 8-byte reference to something that carries its own key.
protocol HashTableElement: BitwiseCopyable {
    init(_ address: UnsafeMutableRawPointer)
    var address: UnsafeMutableRawPointer { get }
    var keyBytes: UnsafeRawBufferPointer { get }
}

/// A directory entry. Several neighbouring entries may show the same segment; `count` is right in the first of them.
struct HashSegment {
    var buckets: UnsafeMutableRawPointer
    var count: UInt32
    var bucketCount: UInt16
    /// How many leading bits all hashes of the segment share.
    var depth: UInt8

    /// Buckets are placed by the top 48 bits only, so that their borders are exact scan cursors.
    @inline(__always)
    func bucketIndex(_ hash: UInt64) -> Int {
        // The depth is at most 40, so nothing but the prefix is shifted out.
        let rest = (hash & ~0xFFFF) &<< UInt64(depth)
        // The high half is below the bucket count.
        return Int(truncatingIfNeeded: rest.multipliedFullWidth(by: UInt64(bucketCount)).high)
    }

    @inline(__always)
    func bucket(_ index: Int) -> HashBucket {
        // The index is below the bucket count.
        HashBucket(buckets + index &* HashBucket.bytes)
    }
}

/// Finds elements by key. The table owns its buckets, not the elements.
struct HashTable<Element: HashTableElement>: ~Copyable {
    let seed: HashSeed
    private(set) var count = 0
    /// 2 to the power of `directoryDepth` entries; nil while the table is empty.
    var directory: UnsafeMutablePointer<HashSegment>?
    var directoryDepth = 0
    /// Segments whose depth is the directory's; when there are none left the directory halves.
    var deepestSegments = 0
    /// No segment holds more: what `random` measures segments against.
    var fullestSegment = 0
    var segmentBytes = 0
    var overflowBuckets = 0

    init(seed: HashSeed) {
        self.seed = seed
    }

    deinit {
        releaseStorage()
    }

    /// Directory, segments and overflow buckets (64 bytes each, and malloc's 16).
    var memoryBytes: Int {
        guard directory != nil else { return 0 }
        return (1 << directoryDepth) * MemoryLayout<HashSegment>.stride + segmentBytes
            + overflowBuckets * (HashBucket.bytes + 16)
    }

    @inline(__always)
    func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        seed.hash(key)
    }

    @inline(__always)
    func hash(_ key: ByteSpan) -> UInt64 {
        key.withUnsafeBytes { hash($0) }
    }

    // MARK: Looking up

    func find(_ key: ByteSpan, hash: UInt64) -> Element? {
        key.withUnsafeBytes { find($0, hash: hash) }
    }

    func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Element? {
        first(hash) { RawBytes.equal($0.keyBytes, key) }
    }

    /// An element whose key has this hash.
    func find(hash: UInt64) -> Element? {
        first(hash) { self.hash($0.keyBytes) == hash }
    }

    /// Of the elements with this hash's tag in the bucket where it belongs, the first that is wanted.
    @inline(__always)
    private func first(_ hash: UInt64, where isWanted: (Element) -> Bool) -> Element? {
        guard let directory else { return nil }
        var bucket = bucket(hash, in: directory)
        let pattern = HashBucket.pattern(of: hash)
        while true {
            var matches = bucket.matches(pattern)
            while matches != 0 {
                let element = Element(bucket.reference(HashBucket.place(ofFirst: matches)))
                if isWanted(element) { return element }
                matches &= matches - 1
            }
            guard let next = bucket.next else { return nil }
            bucket = next
        }
    }

    /// Asks for the directory's entry for `hash` ahead of use.
    @inline(__always)
    func prefetchEntry(hash: UInt64) {
        guard let directory else { return }
        CacheLine.prefetch(directory + directoryIndex(hash))
    }

    /// Asks for the bucket where `hash` belongs ahead of use; reads the directory's entry.
    @inline(__always)
    func prefetchBucket(hash: UInt64) {
        guard let directory else { return }
        bucket(hash, in: directory).prefetch()
    }

    /// Where a search comes to when it has looked at one bucket.
    enum Lead {
        /// The first element whose tag matches, its key not compared: what `find` will most likely answer.
        case element(Element)
        /// There is none, but the chain goes on.
        case bucket(HashBucket)
        case nowhere
    }

    /// The first step of a search, for asking for the records of a batch ahead of use.
    @inline(__always)
    func lead(hash: UInt64) -> Lead {
        guard let directory else { return .nowhere }
        return lead(hash: hash, in: bucket(hash, in: directory))
    }

    /// The step behind one that came to `bucket`.
    @inline(__always)
    func lead(hash: UInt64, in bucket: HashBucket) -> Lead {
        let matches = bucket.matches(HashBucket.pattern(of: hash))
        if matches != 0 { return .element(Element(bucket.reference(HashBucket.place(ofFirst: matches)))) }
        return bucket.next.map { .bucket($0) } ?? .nowhere
    }

    // MARK: Changing

    /// Adds an element whose key is known to be absent; `hash` is its key's.
    mutating func insert(_ element: Element, hash: UInt64) {
        makeRoom(hash)
        place(element.address, hash: hash)
        count += 1
    }

    /// The element with the same key moved from one address to another.
    mutating func replace(_ old: Element, with new: Element, hash: UInt64) {
        guard let spot = spot(of: old, hash: hash) else {
            assertionFailure("replacing an element that is not in the table")
            return
        }
        spot.bucket.setReference(spot.place, to: new.address)
    }

    mutating func remove(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Element? {
        guard let element = find(key, hash: hash) else { return nil }
        remove(element, hash: hash)
        return element
    }

    /// Removes the element that stands at this address.
    mutating func remove(_ element: Element, hash: UInt64) {
        guard let directory, let spot = spot(of: element, hash: hash) else {
            assertionFailure("removing an element that is not in the table")
            return
        }
        let index = firstEntry(hash)
        vacate(spot.place, of: spot.bucket, head: bucket(hash, in: directory))
        directory[index].count -= 1
        count -= 1
        shrink(index)
    }

    /// Forgets all elements and gives all memory back.
    mutating func removeAll() {
        releaseStorage()
        directory = nil
        directoryDepth = 0
        deepestSegments = 0
        fullestSegment = 0
        segmentBytes = 0
        overflowBuckets = 0
        count = 0
    }

    // MARK: Places

    @inline(__always)
    func directoryIndex(_ hash: UInt64) -> Int {
        // Two shifts, because a directory of depth 0 would need one by 64; the depth is at most 40.
        Int(truncatingIfNeeded: (hash &>> 1) &>> UInt64(truncatingIfNeeded: 63 &- directoryDepth))
    }

    @inline(__always)
    private func bucket(_ hash: UInt64, in directory: UnsafeMutablePointer<HashSegment>) -> HashBucket {
        let segment = directory + directoryIndex(hash)
        return segment.pointee.bucket(segment.pointee.bucketIndex(hash))
    }

    /// How many directory entries show a segment of this depth.
    func entries(ofDepth depth: UInt8) -> Int {
        1 << (directoryDepth - Int(depth))
    }

    /// The first of the directory entries that show the segment where `hash` belongs. The table is not empty.
    func firstEntry(_ hash: UInt64) -> Int {
        guard let directory else { preconditionFailure("an empty table has no entries") }
        let index = directoryIndex(hash)
        return index & ~(entries(ofDepth: directory[index].depth) - 1)
    }

    private func spot(of element: Element, hash: UInt64) -> (bucket: HashBucket, place: Int)? {
        guard let directory else { return nil }
        var bucket = bucket(hash, in: directory)
        let pattern = HashBucket.pattern(of: hash)
        while true {
            var matches = bucket.matches(pattern)
            while matches != 0 {
                let place = HashBucket.place(ofFirst: matches)
                if bucket.reference(place) == element.address { return (bucket, place) }
                matches &= matches - 1
            }
            guard let next = bucket.next else { return nil }
            bucket = next
        }
    }

    /// Writes a reference into the first free place of its bucket's chain and counts it in its segment.
    mutating func place(_ address: UnsafeMutableRawPointer, hash: UInt64) {
        guard let directory else { preconditionFailure("an empty table has no places") }
        let entry = directory + firstEntry(hash)
        entry.pointee.count += 1
        fullestSegment = max(fullestSegment, Int(entry.pointee.count))
        var bucket = bucket(hash, in: directory)
        while let next = bucket.next { bucket = next }
        var place = bucket.count
        if place == HashBucket.places {
            let next = makeOverflowBucket()
            next.set(0, tag: bucket.tag(6), to: bucket.reference(6))
            bucket.chain(to: next)
            (bucket, place) = (next, 1)
        }
        bucket.set(place, tag: HashBucket.tag(of: hash), to: address)
    }

    /// Empties one place of a chain and fills the hole with the chain's last element.
    private mutating func vacate(_ place: Int, of bucket: HashBucket, head: HashBucket) {
        var parent: HashBucket?
        var tail = head
        while let next = tail.next { (parent, tail) = (tail, next) }
        let last = tail.count - 1
        bucket.set(place, tag: tail.tag(last), to: tail.reference(last))
        tail.clear(last)
        if let parent, last == 1 {
            parent.unchain(tag: tail.tag(0), to: tail.reference(0))
            free(overflow: tail)
        }
    }
}
