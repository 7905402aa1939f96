// One bucket of the hash table: a cache line with room for seven elements.
//
//   byte 0 1 2 3 4 5 6   7      8        16       ...      56
//       +---------------+------+--------+--------+--------+--------+
//       | tags 0 ... 6  | more | ref 0  | ref 1  |  ...   | ref 6  |
//       +---------------+------+--------+--------+--------+--------+
//
// A tag is the lowest byte of the element's hash, never 0: a tag of 0 is a free place. Places fill from 0 up without
// holes. When `more` is 1 the bucket is chained: places 0 to 5 are full, tag 6 is 0, and ref 6 is the address of the
// next bucket of the same shape, which holds at least two elements.

struct HashBucket: BitwiseCopyable {
    static let bytes = 64
    static let places = 7

    private static let tagBytes: UInt64 = 0x00FF_FFFF_FFFF_FFFF
    private static let chainFlag: UInt64 = 1 << 56

    let base: UnsafeMutableRawPointer

    @inline(__always)
    init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    /// Asks for the bucket ahead of use.
    @inline(__always)
    func prefetch() { CacheLine.prefetch(base) }

    /// Tags and chain flag in one load.
    @inline(__always)
    var word: UInt64 {
        get { base.load(as: UInt64.self) }
        nonmutating set { base.storeBytes(of: newValue, as: UInt64.self) }
    }

    /// The tag for a hash, repeated in all eight bytes, as `matches` wants it.
    @inline(__always)
    static func pattern(of hash: UInt64) -> UInt64 {
        // At most 0xFF times 0x0101...01 is 0xFFFF...FF.
        tag(of: hash) &* 0x0101_0101_0101_0101
    }

    @inline(__always)
    static func tag(of hash: UInt64) -> UInt64 {
        max(hash & 0xFF, 1)
    }

    /// The top bit of byte i is set exactly when tag i equals the pattern's.
    @inline(__always)
    func matches(_ pattern: UInt64) -> UInt64 {
        let difference = word ^ pattern
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        // Each byte's sum is at most 0xFE, so that nothing carries into the next byte.
        let sums = (difference & low) &+ low
        return ~(sums | difference | low) & 0x0080_8080_8080_8080
    }

    /// The place that the lowest set bit of a `matches` mask stands for.
    @inline(__always)
    static func place(ofFirst matches: UInt64) -> Int {
        matches.trailingZeroBitCount >> 3
    }

    /// Elements in this bucket, without the rest of its chain.
    @inline(__always)
    var count: Int {
        (71 - (word & Self.tagBytes).leadingZeroBitCount) >> 3
    }

    @inline(__always)
    var next: HashBucket? {
        word & Self.chainFlag == 0 ? nil : HashBucket(reference(6))
    }

    @inline(__always)
    func reference(_ place: Int) -> UnsafeMutableRawPointer {
        base.load(fromByteOffset: 8 + place * 8, as: UnsafeMutableRawPointer.self)
    }

    @inline(__always)
    func setReference(_ place: Int, to address: UnsafeMutableRawPointer) {
        base.storeBytes(of: address, toByteOffset: 8 + place * 8, as: UnsafeMutableRawPointer.self)
    }

    func tag(_ place: Int) -> UInt64 {
        (word >> UInt64(place * 8)) & 0xFF
    }

    func set(_ place: Int, tag: UInt64, to address: UnsafeMutableRawPointer) {
        let shift = UInt64(place * 8)
        word = (word & ~(0xFF << shift)) | (tag << shift)
        setReference(place, to: address)
    }

    func clear(_ place: Int) {
        word &= ~(0xFF << UInt64(place * 8))
    }

    /// Makes `next` the rest of this full bucket's chain; the element in place 6 has been moved away.
    func chain(to next: HashBucket) {
        word = (word & (Self.tagBytes >> 8)) | Self.chainFlag
        setReference(6, to: next.base)
    }

    /// Puts an element into place 6, where the reference to the next bucket was.
    func unchain(tag: UInt64, to address: UnsafeMutableRawPointer) {
        word = (word & (Self.tagBytes >> 8)) | (tag << 48)
        setReference(6, to: address)
    }
}
