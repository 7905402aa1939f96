// A large argument that is read straight into the memory in which the keyspace may keep it.

final class ArrivingArgument {
    let bytes: LargeBytes
    /// Length of the argument with its CR LF.
    private let total: Int

    /// Memory is taken in steps: a length that a client announces is not yet a reason to believe it.
    private static let firstStep = 1 << 20

    /// `first` is what has arrived already, fewer bytes than the argument has.
    init?(count: Int, first: ByteSpan) {
        // The protocol's limit on arguments keeps this far from overflow.
        total = count + 2
        guard let bytes = LargeBytes(capacity: min(total, Self.firstStep)), bytes.reserve(first.count),
            bytes.resize(to: first.count)
        else { return nil }
        bytes.write(first, at: 0)
        self.bytes = bytes
    }

    /// Where to read to next; nil when the memory is not to be had.
    func room() -> UnsafeMutableRawBufferPointer? {
        if bytes.count == bytes.capacity, !bytes.reserve(min(total, bytes.capacity * 2)) { return nil }
        let room = bytes.unsafeRoom
        return UnsafeMutableRawBufferPointer(rebasing: room.prefix(total - bytes.count))
    }

    /// Takes note of `count` bytes read; true when the argument is complete, and then its CR LF is gone.
    func took(_ count: Int) -> Bool {
        bytes.commit(count)
        guard bytes.count == total else { return false }
        return bytes.resize(to: total - 2)
    }
}
