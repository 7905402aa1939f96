// A socket's options and addresses.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension FileDescriptor {
    /// Small replies leave at once instead of waiting for company (TCP_NODELAY).
    func setNoDelay(_ noDelay: Bool = true) throws(SystemError) {
        try setOption(Platform.tcp, TCP_NODELAY, to: noDelay ? 1 : 0, operation: "setsockopt TCP_NODELAY")
    }

    /// Finds dead peers: a first probe after `seconds` of silence, then up to three, a third of that apart.
    func setKeepAlive(seconds: Int32) throws(SystemError) {
        try setKeepAlive(idle: seconds, interval: max(seconds / 3, 1), count: 3)
    }

    /// Finds dead peers: a first probe after `idle` seconds of silence, then up to `count`, `interval` seconds apart.
    func setKeepAlive(idle: Int32, interval: Int32, count: Int32) throws(SystemError) {
        try setOption(SOL_SOCKET, SO_KEEPALIVE, to: 1, operation: "setsockopt SO_KEEPALIVE")
        #if os(Linux)
        try setOption(Platform.tcp, TCP_KEEPIDLE, to: idle, operation: "setsockopt TCP_KEEPIDLE")
        #else
        try setOption(Platform.tcp, TCP_KEEPALIVE, to: idle, operation: "setsockopt TCP_KEEPALIVE")
        #endif
        try setOption(Platform.tcp, TCP_KEEPINTVL, to: interval, operation: "setsockopt TCP_KEEPINTVL")
        try setOption(Platform.tcp, TCP_KEEPCNT, to: count, operation: "setsockopt TCP_KEEPCNT")
    }

    /// Lets a port be taken again while connections of its last owner linger.
    func setReuseAddress() throws(SystemError) {
        try setOption(SOL_SOCKET, SO_REUSEADDR, to: 1, operation: "setsockopt SO_REUSEADDR")
    }

    /// Keeps an IPv6 socket off the IPv4 addresses, which have their own.
    func setIPv6Only() throws(SystemError) {
        try setOption(Platform.ipv6, IPV6_V6ONLY, to: 1, operation: "setsockopt IPV6_V6ONLY")
    }

    /// A mark that the system's packet filter and routes may look at; accepted sockets have their listener's. Linux.
    func setMark(_ mark: UInt32) throws(SystemError) {
        #if os(Linux)
        try setOption(SOL_SOCKET, SO_MARK, to: Int32(bitPattern: mark), operation: "setsockopt SO_MARK")
        #else
        throw SystemError(errno: ENOTSUP, operation: "setsockopt SO_MARK")
        #endif
    }

    #if !os(Linux)
    /// What `Platform.sendFlags` does for each send on Linux.
    func setNoSignal() throws(SystemError) {
        try setOption(SOL_SOCKET, SO_NOSIGPIPE, to: 1, operation: "setsockopt SO_NOSIGPIPE")
    }
    #endif

    private func setOption(
        _ level: Int32, _ name: Int32, to value: Int32, operation: StaticString
    ) throws(SystemError) {
        _ = try checked(operation) {
            withUnsafePointer(to: value) { setsockopt(rawValue, level, name, $0, socklen_t(MemoryLayout<Int32>.size)) }
        }
    }

    /// An option's value, as an Int32.
    func option(_ level: Int32, _ name: Int32) throws(SystemError) -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = try checked("getsockopt") { getsockopt(rawValue, level, name, &value, &length) }
        return value
    }

    /// The socket's pending error, which asking clears: how a non-blocking connect tells its outcome.
    func takeSocketError() throws(SystemError) -> SystemError? {
        let code = try option(SOL_SOCKET, SO_ERROR)
        return code == 0 ? nil : SystemError(errno: code, operation: "connect")
    }

    /// nil when the far end has no name (a unix socket's client).
    func peerAddress() throws(SystemError) -> SocketAddress? {
        try SocketAddress.filled(by: "getpeername") { getpeername(rawValue, $0, $1) }
    }

    func localAddress() throws(SystemError) -> SocketAddress? {
        try SocketAddress.filled(by: "getsockname") { getsockname(rawValue, $0, $1) }
    }

    /// No more bytes will be sent: the peer reads to the end and finds it.
    func shutdownWriting() throws(SystemError) {
        _ = try checked("shutdown") { shutdown(rawValue, Int32(SHUT_WR)) }
    }
}
