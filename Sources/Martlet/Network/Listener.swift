// Accepts connections from one listening socket and turns away those that may not come in.

final class Listener: Pollable {
    let socket: ListeningSocket
    /// Strong; the network lets go of a closed listener.
    private let network: Network
    private var isPaused = false

    /// Connections accepted in one go, so that a flood of them does not keep the others waiting.
    private static let acceptsPerTurn = 1000

    init(socket: ListeningSocket, network: Network) {
        self.socket = socket
        self.network = network
    }

    override func becameReady(readable: Bool, writable: Bool, hangup: Bool) {
        for _ in 0..<Self.acceptsPerTurn {
            switch socket.accept() {
            case .accepted(let descriptor, let peer): welcome(descriptor, peer)
            case .wouldBlock: return
            case .transient: continue
            case .tooManyFiles:
                // Without a free descriptor the waiting connection would wake the loop for ever.
                network.server.log.write(.warning, "Error accepting a client connection: Too many open files")
                pause()
                return
            case .failed(let error):
                network.server.log.write(.warning, "Error accepting a client connection: \(error.message)")
                pause()
                return
            }
        }
    }

    private func pause() {
        guard !isPaused else { return }
        network.loop.remove(self, descriptor: socket.descriptor)
        isPaused = true
    }

    /// Listens again after a pause.
    func resume() {
        guard isPaused else { return }
        isPaused = (try? network.loop.add(self, descriptor: socket.descriptor, interest: .read)) == nil
    }

    private func welcome(_ descriptor: FileDescriptor, _ peer: SocketAddress) {
        let server = network.server
        if server.interceptor?.admitsConnection() == false { return descriptor.close() }
        if network.connections.count >= server.configuration.value.maxclients {
            server.statistics.value.connectionsRejected += 1
            turnAway(descriptor, "-ERR max number of clients reached\r\n")
            return
        }
        if Self.isProtected(
            from: peer, isOn: server.configuration.value.protectedMode,
            hasPassword: !server.users.defaultUser.rules.needsNoPassword)
        {
            server.statistics.value.connectionsRejected += 1
            turnAway(descriptor, Self.protectedModeMessage)
            return
        }
        prepare(descriptor, peer)
        server.statistics.value.connectionsReceived += 1
        let connection = Connection(descriptor: descriptor, peer: peer, network: network)
        do {
            try network.loop.add(connection, descriptor: descriptor, interest: .read)
            network.add(connection)
            server.log.write(.verbose, "Accepted \(peer.text)")
        } catch {
            server.log.write(.warning, "Error registering a client connection: \(error.message)")
            descriptor.close()
        }
    }

    private func prepare(_ descriptor: FileDescriptor, _ peer: SocketAddress) {
        if case .unix = peer { return }
        // A peer that is gone by now makes these fail; reading from it will tell.
        try? descriptor.setNoDelay()
        let keepAlive = network.server.configuration.value.tcpKeepaliveSeconds
        if keepAlive > 0 { try? descriptor.setKeepAlive(seconds: Int32(clamping: keepAlive)) }
    }

    /// Protected mode: a server without a password is for this machine alone.
    static func isProtected(from peer: SocketAddress, isOn: Bool, hasPassword: Bool) -> Bool {
        isOn && !hasPassword && !peer.isLocal
    }

    private func turnAway(_ descriptor: FileDescriptor, _ message: StaticString) {
        // One try: a fresh socket's buffer holds it, and a client that is turned away is owed no more.
        _ = descriptor.send(UnsafeRawBufferPointer(start: message.utf8Start, count: message.utf8CodeUnitCount))
        descriptor.close()
    }

    func close() {
        if !isPaused { network.loop.remove(self, descriptor: socket.descriptor) }
        socket.close()
        if case .unix = socket.address {
            network.server.log.write(.notice, "Removing the unix socket file.")
            _ = try? socket.removeFile()
        }
    }

    private static let protectedModeMessage: StaticString = """
        -DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the \
        default user. In this mode connections are only accepted from the loopback interface. If you want to connect \
        from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode \
        sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from \
        the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you \
        do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected \
        mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then \
        restarting the server. 3) If you started the server manually just for testing, restart it with the \
        '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need \
        to do one of the above things in order for the server to start accepting connections from the outside.\r\n
        """
}
