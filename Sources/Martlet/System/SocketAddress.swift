// The two ends of a connection, as values; made into text only when somebody asks.

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

/// A socket's address.
enum SocketAddress: Hashable, Sendable {
    /// The most significant byte is the first of the dotted form.
    case ipv4(UInt32, port: UInt16)
    case ipv6(UInt128, port: UInt16)
    case unix(path: String)

    /// The address without port; a unix socket's path.
    var host: String {
        switch self {
        case .ipv4(var address, _):
            address = address.bigEndian
            return Self.text(AF_INET, of: address)
        case .ipv6(var address, _):
            address = address.bigEndian
            return Self.text(AF_INET6, of: address)
        case .unix(let path): return path
        }
    }

    /// 0 for a unix socket.
    var port: UInt16 {
        switch self {
        case .ipv4(_, let port), .ipv6(_, let port): port
        case .unix: 0
        }
    }

    /// Redis's form, as in CLIENT LIST: "127.0.0.1:6379", "[::1]:6379", "/tmp/redis.sock:0".
    var text: String {
        switch self {
        case .ipv4, .unix: "\(host):\(port)"
        case .ipv6: "[\(host)]:\(port)"
        }
    }

    /// Whether a peer with this address is on the same machine: what protected mode asks.
    var isLocal: Bool {
        switch self {
        case .ipv4(let address, _): Self.isLoopback(address)
        case .ipv6(let address, _):
            address == 1 || (address >> 32 == 0xffff && Self.isLoopback(UInt32(truncatingIfNeeded: address)))
        case .unix: true
        }
    }

    private static func isLoopback(_ address: UInt32) -> Bool { address >> 24 == 127 }

    private static func text<Address: BitwiseCopyable>(_ family: Int32, of address: Address) -> String {
        withUnsafePointer(to: address) { address in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
                // Only an unknown family or a short buffer could fail, and neither occurs.
                guard let text = inet_ntop(family, address, buffer.baseAddress, socklen_t(buffer.count)) else {
                    return "?"
                }
                return String(cString: text)
            }
        }
    }
}

extension SocketAddress {
    /// nil for families other than the three, and for a unix socket's unnamed end.
    init?(_ storage: sockaddr_storage, length: socklen_t) {
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = Self.load(sockaddr_in.self, from: storage)
            self = .ipv4(UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = Self.load(sockaddr_in6.self, from: storage)
            let bits = withUnsafeBytes(of: address.sin6_addr) { $0.loadUnaligned(as: UInt128.self) }
            self = .ipv6(UInt128(bigEndian: bits), port: UInt16(bigEndian: address.sin6_port))
        case AF_UNIX:
            let path = withUnsafeBytes(of: storage) { bytes in
                String(
                    decoding: bytes[..<min(Int(length), bytes.count)].dropFirst(Self.pathOffset).prefix { $0 != 0 },
                    as: UTF8.self)
            }
            if path.isEmpty { return nil }
            self = .unix(path: path)
        default: return nil
        }
    }

    /// Calls `body` with the address of the unix socket at `path`.
    static func withUnixAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            // The last byte stays 0.
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { throw SystemError(errno: ENAMETOOLONG, operation: "bind") }
        return try withUnsafePointer(to: address) { pointer throws(SystemError) in
            // Every sockaddr_... begins as a sockaddr: that is how the interface is made.
            let general = UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            return try body(general, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }

    /// The longest path, with the 0 behind it.
    static var unixPathRoom: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) }

    /// What `call` (getsockname, getpeername) fills in.
    static func filled(
        by operation: StaticString, _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws(SystemError) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = try checked(operation) {
            withUnsafeMutablePointer(to: &storage) { pointer in
                // sockaddr_storage begins as every sockaddr does.
                call(UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &length)
            }
        }
        return SocketAddress(storage, length: length)
    }

    private static var pathOffset: Int { MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 0 }

    /// For the sockaddr_... types, which are plain numbers throughout. The storage is at least as large as each of
    /// them, by its definition.
    private static func load<Address>(_: Address.Type, from storage: sockaddr_storage) -> Address {
        withUnsafeBytes(of: storage) { $0.load(as: Address.self) }
    }
}
