// Memory as the processor reads it: a line at a time.

import CMartletSystem

enum CacheLine {
    /// Bytes, on nearly every processor.
    static let size = 64

    /// Asks the processor for the line at `address`, and does not wait for it.
    @inline(__always)
    static func prefetch(_ address: UnsafeRawPointer) { martlet_prefetch(address) }

    /// The same for the first bytes of an object.
    @inline(__always)
    static func prefetch(_ object: AnyObject, byteCount: Int = size) {
        let address = UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque())
        for offset in stride(from: 0, to: byteCount, by: size) { prefetch(address + offset) }
    }
}
