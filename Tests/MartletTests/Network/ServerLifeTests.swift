// Starting and stopping: ports, unix sockets, several servers in one process, and that nothing stays behind.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct ServerLifeTests {
    @Test func busyPortIsToldAndStopsTheStart() throws {
        let first = try ListeningServer()
        let error = #expect(throws: StartError.self) {
            _ = try ListeningServer { $0.listening = .loopback(port: first.port) }
        }
        #expect(error?.description == "Failed listening on port \(first.port) (TCP), aborting.")
    }

    #if os(Linux)
    /// Who may not mark sockets serves without.
    @Test func socketsAreMarked() throws {
        let trial = try Socket.make(family: AF_INET)
        defer { trial.close() }
        var mark: Int32 = 7
        do {
            try trial.setMark(7)
        } catch {
            #expect(error.errno == EPERM)
            mark = 0
        }
        let server = try ListeningServer { $0.configuration.socketMarkID = 7 }
        let client = try server.client()
        #expect(try client.call("PING") == .simpleString("PONG"))
        let marks = server.inspect { network in
            (network.listeners.map(\.socket.descriptor) + network.connections.values.map(\.descriptor))
                .map { try? $0.option(SOL_SOCKET, SO_MARK) }
        }
        #expect(marks == [mark, mark])
    }
    #endif

    /// In a process of its own: a test beside this one might be given the port that has just become free.
    @Test func portIsFreeAfterStop() async {
        await #expect(processExitsWith: .success) {
            let first = try ListeningServer()
            let client = try first.client()
            #expect(try client.call("PING") == .simpleString("PONG"))
            first.server.stop()
            first.server.stop()
            #expect(try client.rest() == "")
            #expect(throws: SystemError.self) { try first.client() }
            let second = try ListeningServer { $0.listening = .loopback(port: first.port) }
            #expect(try second.client().call("PING") == .simpleString("PONG"))
        }
    }

    @Test func stopWithoutBlocking() async throws {
        let server = try ListeningServer()
        let client = try server.client()
        await server.server.stop()
        #expect(try client.rest() == "")
        #expect(server.server.port == 0)
    }

    @Test(arguments: [0o700, 0o770, 0o777] as [Int])
    func unixSocket(bits: Int) throws {
        let directory = try ScratchDirectory()
        let path = directory.file("martlet.sock")
        let server = try ListeningServer {
            $0.listening = .configured
            $0.configuration.port = 0
            $0.configuration.unixsocket = path
            $0.configuration.unixsocketPermissions = bits
        }
        #expect(permissions(of: path) == mode_t(bits))
        #expect(server.port == 0)
        let client = try SocketClient(path: path)
        #expect(try client.call("SET", "k", "v") == .ok)
        #expect(try client.call("GET", "k") == "v")
        server.server.stop()
        #expect(permissions(of: path) == nil)
        #expect(try client.rest() == "")
    }

    @Test func theUnixSocketMayMove() throws {
        let directory = try ScratchDirectory()
        let (first, second) = (directory.file("first"), directory.file("second"))
        let server = try ListeningServer { $0.configuration.unixsocketPermissions = 0o700 }
        let admin = try server.client()
        #expect(try admin.call("CONFIG", "SET", "unixsocket", first) == .ok)
        let client = try SocketClient(path: first)
        #expect(try client.call("PING") == .simpleString("PONG"))
        #expect(try admin.call("CONFIG", "SET", "unixsocket", second) == .ok)
        #expect(permissions(of: first) == nil && permissions(of: second) == 0o700)
        #expect(try client.call("PING") == .simpleString("PONG"), "who is connected stays")
        // What cannot be had leaves the old one in place.
        let refusal = try admin.call("CONFIG", "SET", "unixsocket", directory.file("missing/socket"))
        #expect(
            refusal
                == .error(
                    "ERR CONFIG SET failed (possibly related to argument 'unixsocket') - Failed to listen on the unix "
                        + "socket. Check server logs."))
        #expect(try admin.call("CONFIG", "GET", "unixsocket") == ["unixsocket", .bulkString(Array(second.utf8))])
        #expect(try SocketClient(path: second).call("PING") == .simpleString("PONG"))
        #expect(try admin.call("CONFIG", "SET", "unixsocket", "") == .ok)
        #expect(permissions(of: second) == nil)
    }

    /// In a process of its own, which has no descriptor left.
    @Test func theUnixSocketStaysWhenNoOtherCanBeMade() async {
        await #expect(processExitsWith: .success) {
            let directory = try ScratchDirectory()
            let (first, second) = (directory.file("first"), directory.file("second"))
            let server = try ListeningServer()
            let admin = try server.client()
            #expect(try admin.call("CONFIG", "SET", "unixsocket", first) == .ok)
            let taken = try takeAllDescriptors()
            let refusal = try admin.call("CONFIG", "SET", "unixsocket", second)
            for descriptor in taken { close(descriptor) }
            #expect(refusal.isError)
            #expect(try admin.call("CONFIG", "GET", "unixsocket") == ["unixsocket", .text(first)])
            #expect(try SocketClient(path: first).call("PING") == .simpleString("PONG"))
            #expect(try admin.call("CONFIG", "SET", "unixsocket", second) == .ok)
            #expect(try SocketClient(path: second).call("PING") == .simpleString("PONG"))
            #expect(permissions(of: first) == nil)
        }
    }

    @Test func serversKeepApart() throws {
        let servers = try (0..<5).map { _ in try ListeningServer() }
        #expect(Set(servers.map(\.port)).count == 5)
        let clients = try servers.map { try $0.client() }
        for (index, client) in clients.enumerated() {
            #expect(try client.call("SET", "who", "\(index)") == .ok)
            #expect(try client.call("SET", "only\(index)", "x") == .ok)
        }
        for (index, client) in clients.enumerated() {
            #expect(try client.call("GET", "who") == .text("\(index)"))
            #expect(try client.call("DBSIZE") == 2)
        }
        servers[0].server.stop()
        for client in clients.dropFirst() { #expect(try client.call("PING") == .simpleString("PONG")) }
    }

    @Test func nowhereToListenIsToldAndStopsTheStart() throws {
        let error = #expect(throws: StartError.self) {
            _ = try ListeningServer {
                $0.listening = .configured
                $0.configuration.port = 0
            }
        }
        #expect(error?.description == "Configured to not listen anywhere, exiting.")
    }

    @Test func droppedServerStopsAndIsFreed() throws {
        weak var engine: Engine?
        weak var transport: Network?
        do {
            var server: MartletServer? = try MartletServer(listening: .loopback(port: 0))
            let client = try SocketClient(port: try #require(server?.port))
            let local = try #require(try server?.connect())
            #expect(try client.call("PING") == .simpleString("PONG"))
            #expect(try local.send("PING") == .simpleString("PONG"))
            engine = server?.engine
            transport = server?.engine.network
            server = nil
            #expect(try client.rest() == "")
            #expect(throws: ConnectionClosed.self) { try local.send("PING") }
        }
        // Dispatch lets go of its blocks when it comes round to it.
        #expect(eventually { engine == nil })
        #expect(eventually { transport == nil })
    }

    #if os(Linux)
    /// In a process of its own, where nothing else opens descriptors or starts threads.
    @Test func stopLeavesNoDescriptorAndNoThread() async {
        await #expect(processExitsWith: .success) {
            try useAServer()
            // Dispatch keeps a few descriptors and threads from its first use on.
            let descriptors = try entries("/proc/self/fd")
            var threads = 0
            for round in 0..<20 {
                try useAServer()
                if round == 4 { threads = try entries("/proc/self/task").count }
            }
            let left = try entries("/proc/self/fd").subtracting(descriptors)
            #expect(left.isEmpty)
            // Workers come and go, but their number does not follow the number of servers.
            let count = try entries("/proc/self/task").count
            #expect(count <= threads + 4)
        }
    }
    #endif
}

/// Opens descriptors until there are no more, of not too many.
private func takeAllDescriptors() throws -> [Int32] {
    var limit = rlimit()
    _ = try checked("getrlimit") { getrlimit(OpenFileLimit.resource, &limit) }
    limit.rlim_cur = min(limit.rlim_cur, 512)
    _ = try checked("setrlimit") { setrlimit(OpenFileLimit.resource, &limit) }
    var taken: [Int32] = []
    while true {
        let descriptor = dup(STDERR_FILENO)
        if descriptor < 0 { return taken }
        taken.append(descriptor)
    }
}

/// Starts a server, talks to it in all ways, and stops it.
private func useAServer() throws {
    let directory = try ScratchDirectory()
    var options = StartOptions()
    options.listening = .configured
    options.configuration.unixsocket = directory.file("s")
    options.configuration.bind = ["127.0.0.1"]
    // A free port, found by listening on it for a moment.
    let probe = try ListeningSocket.tcp(BindAddress("127.0.0.1"), port: 0, backlog: 1)
    options.configuration.port = Int(probe.address.port)
    probe.close()
    let server = try MartletServer(options)
    let clients = [
        try SocketClient(port: server.port), try SocketClient(port: server.port),
        try SocketClient(path: options.configuration.unixsocket),
    ]
    for client in clients { #expect(try client.call("SET", "k", "v", "PX", "100000") == .ok) }
    let local = try server.connect()
    #expect(try local.send("GET", "k") == "v")
    server.stop()
    for client in clients { #expect(try client.rest() == "") }
    withExtendedLifetime((server, local)) {}
}

/// What a directory holds, with what its links lead to.
private func entries(_ path: String) throws -> Set<String> {
    guard let directory = opendir(path) else { throw SystemError(errno: errno, operation: "opendir") }
    defer { closedir(directory) }
    var entries: Set<String> = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        // The descriptor that reads the directory is its own.
        if !name.hasPrefix("."), name != String(dirfd(directory)) { entries.insert(name) }
    }
    return entries
}
