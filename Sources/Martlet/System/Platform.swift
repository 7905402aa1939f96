// Constants that the C libraries spell with different types or not at all, each brought to the type
// that the calls in this folder take.
//
// They are computed so that no reader passes through a lazy global's once-check.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
#if os(Linux)
import CMartletSystem
#endif

enum Platform {
    #if canImport(Glibc)
    static var streamSocket: Int32 { Int32(SOCK_STREAM.rawValue) }
    static var streamSocketFlags: Int32 { Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue) }
    static var datagramSocket: Int32 { Int32(SOCK_DGRAM.rawValue) }
    #elseif canImport(Musl)
    static var streamSocket: Int32 { SOCK_STREAM }
    static var streamSocketFlags: Int32 { SOCK_NONBLOCK | SOCK_CLOEXEC }
    static var datagramSocket: Int32 { SOCK_DGRAM }
    #else
    static var streamSocket: Int32 { SOCK_STREAM }
    static var datagramSocket: Int32 { SOCK_DGRAM }
    #endif

    /// Keeps a send to a socket whose peer is gone from raising SIGPIPE. Darwin says it once per socket instead.
    static var sendFlags: Int32 {
        #if os(Linux)
        Int32(MSG_NOSIGNAL)
        #else
        0
        #endif
    }

    /// POSIX_SPAWN_SETSID, which glibc's header hides without _GNU_SOURCE.
    static var spawnInNewSession: Int32 {
        #if canImport(Glibc)
        0x80
        #else
        Int32(POSIX_SPAWN_SETSID)
        #endif
    }

    static var tcp: Int32 { Int32(IPPROTO_TCP) }
    static var ipv6: Int32 { Int32(IPPROTO_IPV6) }

    /// The most parts that one vectored call takes (IOV_MAX, which Linux's and Darwin's headers both put at 1024).
    static var maximumVectorCount: Int { 1024 }
}
