// Changing bytes through a mutable span: the counterpart of ByteSpan.swift.

extension MutableSpan where Element == UInt8 {
    /// Copies `bytes` to `offset`; the range must lie inside the span.
    mutating func write(_ bytes: ByteSpan, at offset: Int) {
        precondition(offset >= 0 && bytes.count <= count - offset)
        withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: source)
            }
        }
    }
}

extension LargeBytes {
    /// Lets `body` change the bytes in place; nobody else may hold them.
    func withMutableSpan<Result>(_ body: (inout MutableSpan<UInt8>) -> Result) -> Result {
        withMutableBytes { bytes in
            // The bytes up to `count` are initialised.
            var span = MutableSpan<UInt8>(_unsafeElements: bytes.assumingMemoryBound(to: UInt8.self))
            return body(&span)
        }
    }
}
