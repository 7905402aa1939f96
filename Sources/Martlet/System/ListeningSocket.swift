// Listening on TCP and unix addresses, and accepting.

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

/// One word of the `bind` directive: an IPv4 or IPv6 address or name, `*` (all IPv4), `::*` (all IPv6); with `-` in
/// front, one that the machine may lack.
struct BindAddress: Equatable, Sendable {
    /// The word without the `-`.
    let text: String
    let isOptional: Bool

    init(_ word: String) {
        isOptional = word.hasPrefix("-")
        text = isOptional ? String(word.dropFirst()) : word
    }

    fileprivate var family: Int32 { text.contains(":") ? AF_INET6 : AF_INET }
    fileprivate var host: String? { text == "*" || text == "::*" ? nil : text }

    /// Whether a server goes on without this address after `error`, as Redis does.
    func tolerates(_ error: SystemError) -> Bool {
        switch error.errno {
        case EADDRNOTAVAIL: isOptional
        case ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPFNOSUPPORT, EAFNOSUPPORT: true
        default: false
        }
    }
}

/// What one `accept` came to.
enum AcceptResult: Equatable, Sendable {
    /// A non-blocking socket that closes on exec. The caller owns it.
    case accepted(FileDescriptor, peer: SocketAddress)
    /// Nobody is waiting.
    case wouldBlock
    /// The process or the machine has no descriptor left; whoever waits stays in the queue.
    case tooManyFiles
    /// This one client was lost before it was accepted; the next may be fine.
    case transient(SystemError)
    case failed(SystemError)
}

/// A socket that listens, not blocking. Whoever holds it closes it.
struct ListeningSocket: Sendable {
    let descriptor: FileDescriptor
    /// Where it listens; the port is the real one, also when 0 was asked for.
    let address: SocketAddress
    /// Of a unix socket: which file is its own.
    private let file: FileIdentity?

    static func tcp(_ bindAddress: BindAddress, port: UInt16, backlog: Int32) throws(SystemError) -> ListeningSocket {
        let family = bindAddress.family
        let listener = try Socket.resolve(
            host: bindAddress.host, port: port, family: family
        ) { (info, _) throws(SystemError) in
            try Socket.closing(try Socket.make(family: info.ai_family)) { made throws(SystemError) in
                if family == AF_INET6 { try made.setIPv6Only() }
                try made.setReuseAddress()
                _ = try checked("bind") { bind(made.rawValue, info.ai_addr, info.ai_addrlen) }
                _ = try checked("listen") { listen(made.rawValue, backlog) }
                return made
            }
        }
        return try Socket.closing(listener) { listener throws(SystemError) in
            guard let address = try listener.localAddress() else {
                throw SystemError(errno: EAFNOSUPPORT, operation: "getsockname")
            }
            return ListeningSocket(descriptor: listener, address: address, file: nil)
        }
    }

    /// A socket that an earlier server left at `path` is removed first; any other file there stays, and is an error.
    /// `permissions` nil leaves the new file what the umask makes of it.
    static func unix(path: String, permissions: mode_t?, backlog: Int32) throws(SystemError) -> ListeningSocket {
        return try Socket.closing(try Socket.make(family: AF_UNIX)) { made throws(SystemError) in
            try SocketAddress.withUnixAddress(path) { address, length throws(SystemError) in
                // Not before there is a socket to take its place.
                if let old = try? FileIdentity(path), old.isSocket { _ = unlink(path) }
                _ = try checked("bind") { bind(made.rawValue, address, length) }
            }
            // Nobody can connect before listen, so the file's first permissions harm nobody.
            if let permissions { _ = try checked("chmod") { chmod(path, permissions) } }
            _ = try checked("listen") { listen(made.rawValue, backlog) }
            return ListeningSocket(descriptor: made, address: .unix(path: path), file: try FileIdentity(path))
        }
    }

    func accept() -> AcceptResult {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = retryingInterrupts {
            withUnsafeMutablePointer(to: &storage) { pointer in
                // sockaddr_storage begins as every sockaddr does.
                let general = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
                return systemAccept(descriptor.rawValue, general, &length)
            }
        }
        if result < 0 { return Self.refusal(SystemError(errno: -result, operation: "accept")) }
        let accepted = FileDescriptor(rawValue: result)
        #if !os(Linux)
        do {
            try Socket.closing(accepted) { accepted throws(SystemError) in try Socket.prepare(accepted) }
        } catch {
            // Only a peer that is already gone makes setting an option fail.
            return .transient(error)
        }
        #endif
        // A unix client has no name; it goes by that of the socket that it came to.
        return .accepted(accepted, peer: SocketAddress(storage, length: length) ?? address)
    }

    /// What a failed accept means.
    static func refusal(_ error: SystemError) -> AcceptResult {
        switch error.errno {
        case EAGAIN: return .wouldBlock
        case EMFILE, ENFILE: return .tooManyFiles
        case ECONNABORTED: return .transient(error)
        #if os(Linux)
        // Linux hands over what the network has already reported for the new connection.
        case ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
            return .transient(error)
        #endif
        default: return .failed(error)
        }
    }

    func close() {
        descriptor.close()
    }

    /// Removes a unix socket's file, unless the path by now leads to somebody else's. Whether it did.
    func removeFile() throws(SystemError) -> Bool {
        guard case .unix(let path) = address, let current = try? FileIdentity(path), current == file else {
            return false
        }
        try SmallFile.remove(path)
        return true
    }
}

/// Which file a path leads to.
private struct FileIdentity: Equatable, Sendable {
    let device: dev_t
    let inode: ino_t
    let isSocket: Bool

    init(_ path: String) throws(SystemError) {
        var status = stat()
        _ = try checked("lstat") { lstat(path, &status) }
        device = status.st_dev
        inode = status.st_ino
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
    }
}

/// A name for accept4(2) that `ListeningSocket.accept` does not shadow.
private func systemAccept(
    _ descriptor: Int32, _ address: UnsafeMutablePointer<sockaddr>, _ length: UnsafeMutablePointer<socklen_t>
) -> Int32 {
    #if os(Linux)
    accept4(descriptor, address, length, Platform.streamSocketFlags)
    #else
    accept(descriptor, address, length)
    #endif
}
