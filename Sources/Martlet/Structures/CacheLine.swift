// Memory as the processor reads it: a line at a time.

import CMartletSystem

enum CacheLine {
    /// Bytes, on nearly every processor.
    static let size = 64

    /// Asks the processor for the line at `address`, and does not wait for it.
    @inline(__always)
    static func prefetch(_ address: UnsafeRawPointer) { martlet_prefetch(address) }

    /// The same for the first two lines of an object, where its class keeps what is looked at often.
    @inline(__always)
    static func prefetchHead(_ object: AnyObject) {
        let address = UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque())
        prefetch(address)
        prefetch(address + size)
    }
}
