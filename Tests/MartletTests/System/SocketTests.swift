// Listening, connecting and accepting over loopback and unix sockets, with ports that the system picks.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Waits for the one client that is on its way, and accepts it.
private func acceptOne(_ listener: ListeningSocket) throws -> (FileDescriptor, SocketAddress)? {
    var poller = try Poller()
    try poller.add(listener.descriptor, interest: .read, token: 0)
    _ = poller.wait(timeoutMilliseconds: 10_000)
    guard case .accepted(let descriptor, let peer) = listener.accept() else { return nil }
    return (descriptor, peer)
}

struct TCPTests {
    static let hasIPv6: Bool = {
        guard let listener = try? ListeningSocket.tcp(BindAddress("::1"), port: 0, backlog: 1) else { return false }
        listener.close()
        return true
    }()

    private func exchange(bind: String, connect host: String) throws -> (local: SocketAddress, peer: SocketAddress) {
        let listener = try ListeningSocket.tcp(BindAddress(bind), port: 0, backlog: 511)
        defer { listener.close() }
        #expect(listener.address.port != 0)
        #expect(listener.accept() == .wouldBlock)
        let client = try Socket.connect(host: host, port: listener.address.port, blocking: true)
        defer { client.close() }
        let (server, peer) = try #require(try acceptOne(listener))
        defer { server.close() }
        #expect(fcntl(server.rawValue, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(server.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        #expect(fcntl(client.rawValue, F_GETFL) & O_NONBLOCK == 0)
        #expect(try client.localAddress() == peer)
        #expect(try server.peerAddress() == peer)
        #expect(client.send("hello") == .bytes(5))
        try client.shutdownWriting()
        var poller = try Poller()
        try poller.add(server, interest: .read, token: 0)
        _ = poller.wait(timeoutMilliseconds: 10_000)
        #expect(server.readText() == "hello")
        return (try #require(try server.localAddress()), peer)
    }

    @Test(arguments: ["127.0.0.1", "*", "localhost", "-127.0.0.1"])
    func ipv4(bind: String) throws {
        let (local, peer) = try exchange(bind: bind, connect: "127.0.0.1")
        #expect(local.text == "127.0.0.1:\(local.port)")
        #expect(peer.text == "127.0.0.1:\(peer.port)")
        #expect(peer.isLocal)
    }

    @Test(.enabled(if: hasIPv6, "this machine has no IPv6 loopback"), arguments: ["::1", "::*", "-::1"])
    func ipv6(bind: String) throws {
        let (local, peer) = try exchange(bind: bind, connect: "::1")
        #expect(local.text == "[::1]:\(local.port)")
        #expect(peer.text == "[::1]:\(peer.port)")
        #expect(peer.isLocal)
    }

    @Test(.enabled(if: hasIPv6, "this machine has no IPv6 loopback"))
    func bothFamiliesShareAPort() throws {
        let four = try ListeningSocket.tcp(BindAddress("127.0.0.1"), port: 0, backlog: 1)
        defer { four.close() }
        let six = try ListeningSocket.tcp(BindAddress("::*"), port: four.address.port, backlog: 1)
        defer { six.close() }
        #expect(six.address.port == four.address.port)
        #expect(six.address.text == "[::]:\(four.address.port)")
    }

    @Test func busyPortIsReported() throws {
        let first = try ListeningSocket.tcp(BindAddress("127.0.0.1"), port: 0, backlog: 1)
        defer { first.close() }
        #expect(throws: SystemError(errno: EADDRINUSE, operation: "bind")) {
            try ListeningSocket.tcp(BindAddress("127.0.0.1"), port: first.address.port, backlog: 1)
        }
    }

    @Test func portIsFreeAfterClose() throws {
        let first = try ListeningSocket.tcp(BindAddress("127.0.0.1"), port: 0, backlog: 1)
        let client = try Socket.connect(host: "127.0.0.1", port: first.address.port, blocking: true)
        let (server, _) = try #require(try acceptOne(first))
        // The server closes first, so its side lingers.
        server.close()
        client.close()
        first.close()
        let second = try ListeningSocket.tcp(BindAddress("127.0.0.1"), port: first.address.port, backlog: 1)
        second.close()
    }

    @Test func bindWordsAreUnderstood() {
        #expect(BindAddress("-::1").isOptional)
        #expect(BindAddress("-::1").text == "::1")
        #expect(!BindAddress("*").isOptional)
        let missing = SystemError(errno: EADDRNOTAVAIL, operation: "bind")
        #expect(BindAddress("-10.1.1.1").tolerates(missing))
        #expect(!BindAddress("10.1.1.1").tolerates(missing))
        #expect(BindAddress("::1").tolerates(SystemError(errno: EAFNOSUPPORT, operation: "socket")))
        #expect(!BindAddress("-::1").tolerates(SystemError(errno: EADDRINUSE, operation: "bind")))
    }

    @Test func anAddressOfAnotherMachineIsNotAvailable() throws {
        // 192.0.2.0/24 is set aside for documentation (RFC 5737).
        let error = #expect(throws: SystemError.self) {
            try ListeningSocket.tcp(BindAddress("-192.0.2.1"), port: 0, backlog: 1)
        }
        #expect(error == SystemError(errno: EADDRNOTAVAIL, operation: "bind"))
    }

    @Test func nonsenseIsNoAddress() {
        let error = #expect(throws: SystemError.self) {
            try ListeningSocket.tcp(BindAddress("999.1.1.1.1"), port: 0, backlog: 1)
        }
        #expect(error?.errno == 0)
    }

    @Test func refusedConnections() throws {
        let listener = try ListeningSocket.tcp(BindAddress("127.0.0.1"), port: 0, backlog: 1)
        listener.close()
        let refused = SystemError(errno: ECONNREFUSED, operation: "connect")
        #expect(throws: refused) {
            try Socket.connect(host: "127.0.0.1", port: listener.address.port, blocking: true)
        }
        do {
            let socket = try Socket.connect(host: "127.0.0.1", port: listener.address.port, blocking: false)
            defer { socket.close() }
            var poller = try Poller()
            try poller.add(socket, interest: .write, token: 1)
            #expect(poller.wait(timeoutMilliseconds: 10_000) > 0)
            #expect(try socket.takeSocketError() == refused)
            #expect(try socket.takeSocketError() == nil)
        } catch {
            // Darwin may refuse at once.
            #expect(error == refused)
        }
    }

    /// Told by number: using up the process's descriptors would fail the tests that run beside this one.
    @Test func failedAcceptsAreSorted() {
        func refusal(_ code: Int32) -> AcceptResult {
            ListeningSocket.refusal(SystemError(errno: code, operation: "accept"))
        }
        #expect(refusal(EAGAIN) == .wouldBlock)
        #expect(refusal(EMFILE) == .tooManyFiles)
        #expect(refusal(ENFILE) == .tooManyFiles)
        let aborted = SystemError(errno: ECONNABORTED, operation: "accept")
        #expect(refusal(ECONNABORTED) == .transient(aborted))
        let bad = SystemError(errno: EBADF, operation: "accept")
        #expect(refusal(EBADF) == .failed(bad))
    }

    @Test func optionsArrive() throws {
        let listener = try ListeningSocket.tcp(BindAddress("127.0.0.1"), port: 0, backlog: 1)
        defer { listener.close() }
        let client = try Socket.connect(host: "127.0.0.1", port: listener.address.port, blocking: false)
        defer { client.close() }
        try client.setNoDelay()
        #expect(try client.option(Platform.tcp, TCP_NODELAY) != 0)
        try client.setKeepAlive(seconds: 300)
        #expect(try client.option(SOL_SOCKET, SO_KEEPALIVE) != 0)
        #expect(try client.option(Platform.tcp, TCP_KEEPINTVL) == 100)
        #expect(try client.option(Platform.tcp, TCP_KEEPCNT) == 3)
        #if os(Linux)
        #expect(try client.option(Platform.tcp, TCP_KEEPIDLE) == 300)
        #endif
        try client.setKeepAlive(seconds: 2)
        #expect(try client.option(Platform.tcp, TCP_KEEPINTVL) == 1)
    }
}

struct UnixSocketTests {
    @Test func exchange() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("socket")
        let listener = try ListeningSocket.unix(path: path, permissions: nil, backlog: 511)
        defer { listener.close() }
        #expect(listener.address.text == "\(path):0")
        #expect(listener.accept() == .wouldBlock)
        let client = try Socket.connect(path: path, blocking: true)
        defer { client.close() }
        let (server, peer) = try #require(try acceptOne(listener))
        defer { server.close() }
        #expect(peer == .unix(path: path))
        #expect(peer.isLocal)
        #expect(try server.localAddress() == .unix(path: path))
        #expect(try server.peerAddress() == nil)
        #expect(try client.peerAddress() == .unix(path: path))
        #expect(client.send("hello") == .bytes(5))
        #expect(server.readText() == "hello")
    }

    @Test(arguments: [0o700, 0o770, 0o777, 0o600] as [mode_t])
    func permissionBits(bits: mode_t) throws {
        let directory = try ScratchDirectory()
        let path = directory.file("socket")
        let listener = try ListeningSocket.unix(path: path, permissions: bits, backlog: 1)
        defer { listener.close() }
        #expect(permissions(of: path) == bits)
    }

    @Test func staleSocketIsReplaced() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("socket")
        let first = try ListeningSocket.unix(path: path, permissions: nil, backlog: 1)
        first.close()
        #expect(permissions(of: path) != nil)
        let second = try ListeningSocket.unix(path: path, permissions: nil, backlog: 1)
        defer { second.close() }
        let client = try Socket.connect(path: path, blocking: true)
        client.close()
    }

    @Test func anotherKindOfFileIsNotReplaced() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("precious")
        try SmallFile.write([1, 2, 3], to: path)
        #expect(throws: SystemError(errno: EADDRINUSE, operation: "bind")) {
            try ListeningSocket.unix(path: path, permissions: nil, backlog: 1)
        }
        #expect(try SmallFile.read(path, limit: 10) == [1, 2, 3])
    }

    @Test func onlyTheOwnFileIsRemoved() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("socket")
        let first = try ListeningSocket.unix(path: path, permissions: nil, backlog: 1)
        defer { first.close() }
        let second = try ListeningSocket.unix(path: path, permissions: nil, backlog: 1)
        defer { second.close() }
        #expect(try !first.removeFile())
        #expect(permissions(of: path) != nil)
        #expect(try second.removeFile())
        #expect(permissions(of: path) == nil)
        #expect(try !second.removeFile())
    }

    @Test func addressesOfANameShareTheTime() {
        #expect(Socket.share(of: 5000, among: 1) == 5000)
        #expect(Socket.share(of: 5000, among: 4) == 1250)
        #expect(Socket.share(of: 5000, among: 50) == 1000)
        #expect(Socket.share(of: 2, among: 3) == 2)
        #expect(Socket.share(of: 0, among: 3) == 1)
        #expect(Socket.share(of: -1, among: 2) == -1)
    }

    @Test func pathsTooLongOrMissing() throws {
        let directory = try ScratchDirectory()
        let long = directory.file(String(repeating: "x", count: 200))
        #expect(throws: SystemError(errno: ENAMETOOLONG, operation: "bind")) {
            try ListeningSocket.unix(path: long, permissions: nil, backlog: 1)
        }
        #expect(throws: SystemError(errno: ENOENT, operation: "bind")) {
            try ListeningSocket.unix(path: directory.file("no/socket"), permissions: nil, backlog: 1)
        }
        #expect(throws: SystemError(errno: ENOENT, operation: "connect")) {
            try Socket.connect(path: directory.file("none"), blocking: true)
        }
    }
}

struct SocketAddressTests {
    @Test func texts() {
        #expect(SocketAddress.ipv4(0x0a00_0001, port: 6379).text == "10.0.0.1:6379")
        #expect(SocketAddress.ipv6(1, port: 6379).text == "[::1]:6379")
        #expect(SocketAddress.ipv6(0x2001_0db8 << 96 | 0xff, port: 65535).text == "[2001:db8::ff]:65535")
        #expect(SocketAddress.unix(path: "/run/a.sock").text == "/run/a.sock:0")
        #expect(SocketAddress.ipv6(1, port: 6379).host == "::1")
        #expect(SocketAddress.unix(path: "/run/a.sock").port == 0)
    }

    @Test func localness() {
        #expect(SocketAddress.ipv4(0x7f00_0001, port: 1).isLocal)
        #expect(SocketAddress.ipv4(0x7fff_ffff, port: 1).isLocal)
        #expect(!SocketAddress.ipv4(0x0a00_0001, port: 1).isLocal)
        #expect(SocketAddress.ipv6(1, port: 1).isLocal)
        #expect(!SocketAddress.ipv6(2, port: 1).isLocal)
        // ::ffff:127.0.0.1 and ::ffff:10.0.0.1
        #expect(SocketAddress.ipv6(0xffff_7f00_0001, port: 1).isLocal)
        #expect(!SocketAddress.ipv6(0xffff_0a00_0001, port: 1).isLocal)
        #expect(SocketAddress.unix(path: "/x").isLocal)
    }
}
