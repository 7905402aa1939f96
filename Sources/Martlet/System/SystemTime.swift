// The system's two clocks. EventLoop/Clock decides whether they or a test's clock are asked.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

enum SystemTime {
    /// Since 1970, in UTC; steps when somebody sets the clock.
    @inline(__always)
    static func wallMicroseconds() -> Int64 {
        let now = read(CLOCK_REALTIME)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }

    /// Since some fixed moment; never steps.
    @inline(__always)
    static func monotonicNanoseconds() -> Int64 {
        let now = read(CLOCK_MONOTONIC)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    /// Cannot fail: both clocks exist everywhere.
    @inline(__always)
    private static func read(_ clock: clockid_t) -> timespec {
        var now = timespec()
        clock_gettime(clock, &now)
        return now
    }
}

extension SystemTime {
    /// Keeps the calling thread from doing anything for a while.
    static func sleep(microseconds: Int64) {
        var left = timespec(tv_sec: time_t(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1000)
        var rest = timespec()
        while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
    }
}
