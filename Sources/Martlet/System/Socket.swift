// Making sockets: resolving an address, connecting, a connected pair.

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

/// Makers of stream sockets. All of them close on exec and never raise SIGPIPE through `send`.
enum Socket {
    /// A new, non-blocking socket.
    static func make(family: Int32) throws(SystemError) -> FileDescriptor {
        #if os(Linux)
        let type = Platform.streamSocket | Platform.streamSocketFlags
        return FileDescriptor(rawValue: try checked("socket") { socket(family, type, 0) })
        #else
        let made = FileDescriptor(rawValue: try checked("socket") { socket(family, Platform.streamSocket, 0) })
        return try closing(made) { made throws(SystemError) in
            try prepare(made)
            return made
        }
        #endif
    }

    #if !os(Linux)
    /// What Linux sets while making a socket.
    static func prepare(_ made: FileDescriptor) throws(SystemError) {
        try made.setNonBlocking()
        try made.setCloseOnExec()
        try made.setNoSignal()
    }
    #endif

    /// Connects to `host`, a name or an address. A blocking socket is connected on return; a non-blocking one is
    /// perhaps still on its way: once it is writable, `takeSocketError` tells how it went. A blocking attempt gives up
    /// after `timeoutMilliseconds` (negative: never), of which each address of a name has its share: one that leads
    /// nowhere does not keep the others from having their turn.
    static func connect(
        host: String, port: UInt16, blocking: Bool, timeoutMilliseconds: Int32 = -1
    ) throws(SystemError) -> FileDescriptor {
        try resolve(host: host, port: port, family: AF_UNSPEC) { (info, count) throws(SystemError) in
            try connect(
                family: info.ai_family, info.ai_addr, info.ai_addrlen, blocking: blocking,
                timeoutMilliseconds: share(of: timeoutMilliseconds, among: count))
        }
    }

    /// What each of `count` addresses has of a time limit; negative: none. A second is left to each, however many there
    /// are, for the far side of the world is not nearer because of that.
    static func share(of milliseconds: Int32, among count: Int) -> Int32 {
        guard milliseconds >= 0 else { return -1 }
        return max(milliseconds / Int32(clamping: max(count, 1)), min(milliseconds, 1000), 1)
    }

    /// Connects to the unix socket at `path`; `blocking` as above.
    static func connect(path: String, blocking: Bool) throws(SystemError) -> FileDescriptor {
        try SocketAddress.withUnixAddress(path) { address, length throws(SystemError) in
            try connect(family: AF_UNIX, address, length, blocking: blocking)
        }
    }

    private static func connect(
        family: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t, blocking: Bool,
        timeoutMilliseconds: Int32 = -1
    ) throws(SystemError) -> FileDescriptor {
        try closing(try make(family: family)) { made throws(SystemError) in
            // Not through the retry loop: an interrupted connect goes on by itself.
            let code = systemConnect(made.rawValue, address, length) == 0 ? 0 : errno
            if code != 0 && code != EINPROGRESS && code != EINTR {
                throw SystemError(errno: code, operation: "connect")
            }
            guard blocking else { return made }
            if code != 0 {
                var entry = pollfd(fd: made.rawValue, events: Int16(POLLOUT), revents: 0)
                let ready = try checked("poll") { poll(&entry, 1, timeoutMilliseconds) }
                if ready == 0 { throw SystemError(errno: ETIMEDOUT, operation: "connect") }
                if let error = try made.takeSocketError() { throw error }
            }
            try made.setNonBlocking(false)
            return made
        }
    }

    /// Two unix sockets connected to each other, both non-blocking.
    static func pair() throws(SystemError) -> (FileDescriptor, FileDescriptor) {
        var numbers: [Int32] = [-1, -1]
        #if os(Linux)
        let type = Platform.streamSocket | Platform.streamSocketFlags
        #else
        let type = Platform.streamSocket
        #endif
        _ = try checked("socketpair") { socketpair(AF_UNIX, type, 0, &numbers) }
        let (first, second) = (FileDescriptor(rawValue: numbers[0]), FileDescriptor(rawValue: numbers[1]))
        #if !os(Linux)
        try prepare(first)
        try prepare(second)
        #endif
        return (first, second)
    }

    /// Tries the addresses of `host` (nil: any, to listen on) in turn, telling how many there are. The first that
    /// `attempt` succeeds with wins; when none does, the last one's error is thrown.
    static func resolve(
        host: String?, port: UInt16, family: Int32,
        _ attempt: (addrinfo, _ count: Int) throws(SystemError) -> FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = Platform.streamSocket
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        if code == EAI_SYSTEM { throw SystemError(errno: errno, operation: "getaddrinfo") }
        if code != 0 { throw SystemError(resolverCode: code) }
        defer { freeaddrinfo(list) }
        var addresses: [addrinfo] = []
        var next = list
        while let info = next?.pointee {
            addresses.append(info)
            next = info.ai_next
        }
        var failure = SystemError(errno: EADDRNOTAVAIL, operation: "getaddrinfo")
        for info in addresses {
            do { return try attempt(info, addresses.count) } catch { failure = error }
        }
        throw failure
    }

    /// `body`'s result; the descriptor is closed when `body` throws.
    static func closing<Result>(
        _ made: FileDescriptor, _ body: (FileDescriptor) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        do {
            return try body(made)
        } catch {
            made.close()
            throw error
        }
    }
}

/// A name for connect(2) that `Socket.connect` does not shadow.
private func systemConnect(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    connect(descriptor, address, length)
}
