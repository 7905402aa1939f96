// The number of descriptors that the process may have open at once (RLIMIT_NOFILE).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What raising the limit came to.
struct OpenFileLimit: Equatable, Sendable {
    let original: UInt64
    /// The limit that now holds, never below the original.
    let achieved: UInt64
    /// Why `achieved` is less than what was wanted.
    let failure: SystemError?

    /// Raises the limit to `wanted` where it is lower: also the hard limit if the system lets us, else as far as
    /// the hard limit goes. The limit is never lowered.
    static func raise(to wanted: UInt64) throws(SystemError) -> OpenFileLimit {
        var limit = rlimit()
        _ = try checked("getrlimit") { getrlimit(resource, &limit) }
        let original = UInt64(limit.rlim_cur)
        if original >= wanted { return OpenFileLimit(original: original, achieved: original, failure: nil) }
        var failure: SystemError?
        // Darwin refuses more than OPEN_MAX (10240) whatever the hard limit says.
        for candidate in [wanted, min(wanted, UInt64(limit.rlim_max)), min(wanted, 10240)] where candidate > original {
            var next = limit
            next.rlim_cur = rlim_t(candidate)
            next.rlim_max = max(next.rlim_cur, limit.rlim_max)
            do {
                _ = try checked("setrlimit") { setrlimit(resource, &next) }
                let enough = candidate == wanted
                return OpenFileLimit(original: original, achieved: candidate, failure: enough ? nil : failure)
            } catch {
                failure = failure ?? error
            }
        }
        return OpenFileLimit(original: original, achieved: original, failure: failure)
    }

    #if canImport(Glibc)
    static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
    static var resource: Int32 { RLIMIT_NOFILE }
    #endif
}
