// Opens what the server listens on, at the start and when CONFIG SET changes it.

/// What a server listens on besides in-process connections.
public enum Listening: Sendable, Equatable {
    /// Nothing: in-process connections only.
    case nowhere
    /// The loopback interface, IPv4. Port 0 takes any free one; ``MartletServer/port`` tells which.
    case loopback(port: Int)
    /// What the configuration's `bind`, `port` and `unixsocket` say.
    case configured
}

enum Listeners {
    static func open(
        _ listening: Listening, server: ServerContext, network: Network
    ) throws(StartError) {
        switch listening {
        case .nowhere: return
        case .loopback(let port):
            try openTCP(["127.0.0.1"], port: port, server: server, network: network)
        case .configured:
            let configuration = server.configuration.value
            if configuration.port > 0 {
                // Addresses that may be missing may all be.
                try openTCP(configuration.bind, port: configuration.port, server: server, network: network)
            }
            if !configuration.unixsocket.isEmpty { try openUnix(server: server, network: network) }
            if network.listeners.isEmpty {
                server.log.write(.warning, "Configured to not listen anywhere, exiting.")
                throw .listening("Configured to not listen anywhere, exiting.")
            }
        }
    }

    private static func openTCP(
        _ words: [String], port: Int, server: ServerContext, network: Network
    ) throws(StartError) {
        var opened = 0
        for word in words {
            let address = BindAddress(word)
            // With any free port asked for, all addresses share the first one's.
            let wanted = opened > 0 && port == 0 ? network.port : port
            do throws(SystemError) {
                try network.listen(on: makeSocket(address, port: UInt16(clamping: wanted), server))
                opened += 1
            } catch {
                server.log.write(
                    .warning,
                    "Warning: Could not create server TCP listening socket \(address.text):\(wanted): \(error)")
                if address.tolerates(error) { continue }
                throw refused(port: wanted, server)
            }
        }
    }

    private static func makeSocket(
        _ address: BindAddress, port: UInt16, _ server: ServerContext
    ) throws(SystemError) -> ListeningSocket {
        let configuration = server.configuration.value
        let backlog = Int32(clamping: configuration.tcpBacklog)
        let socket = try ListeningSocket.tcp(address, port: port, backlog: backlog)
        if configuration.socketMarkID > 0 {
            do throws(SystemError) {
                // Within UInt32 by the directive's bounds.
                try socket.descriptor.setMark(UInt32(clamping: configuration.socketMarkID))
            } catch {
                server.log.write(.warning, "Can't mark the socket that listens at \(socket.address.text): \(error)")
            }
        }
        return socket
    }

    private static func refused(port: Int, _ server: ServerContext) -> StartError {
        let text = "Failed listening on port \(port) (TCP), aborting."
        server.log.write(.warning, text)
        return .listening(text)
    }

    private static func openUnix(server: ServerContext, network: Network) throws(StartError) {
        let configuration = server.configuration.value
        do throws(SystemError) {
            let permissions = configuration.unixsocketPermissions
            let socket = try ListeningSocket.unix(
                path: configuration.unixsocket, permissions: permissions > 0 ? UInt32(permissions) : nil,
                backlog: Int32(clamping: configuration.tcpBacklog))
            try network.listen(on: socket)
        } catch {
            let text = "Failed opening Unix socket: \(error)"
            server.log.write(.warning, text)
            throw .listening(text)
        }
    }

    /// Follows a change of what is listened on: an error text when that cannot be done, and then the old ones stay.
    static func apply(_ changed: [String], server: ServerContext, network: Network) -> String? {
        if changed.contains("unixsocket"), let reason = applyUnix(server: server, network: network) { return reason }
        guard changed.contains("bind") || changed.contains("port") else { return nil }
        return applyTCP(changed, server: server, network: network)
    }

    /// The new socket is there before the old one goes.
    private static func applyUnix(server: ServerContext, network: Network) -> String? {
        let path = server.configuration.value.unixsocket
        // A change that failed is undone, and the old one has never gone.
        if network.listeners.contains(where: { $0.socket.address == .unix(path: path) }) { return nil }
        let old = network.takeListeners(onUnixSockets: true)
        do throws(StartError) {
            if !path.isEmpty { try openUnix(server: server, network: network) }
            for listener in old { listener.close() }
            return nil
        } catch {
            network.giveBack(old)
            return "Failed to listen on the unix socket. Check server logs."
        }
    }

    private static func applyTCP(_ changed: [String], server: ServerContext, network: Network) -> String? {
        let old = network.takeListeners(onUnixSockets: false)
        let configuration = server.configuration.value
        guard configuration.port > 0 else {
            for listener in old { listener.close() }
            return nil
        }
        // The old sockets let go of their addresses first; a busy new one brings them back.
        let sockets = old.map(\.socket)
        for listener in old { listener.close() }
        do throws(StartError) {
            try openTCP(configuration.bind, port: configuration.port, server: server, network: network)
            return nil
        } catch {
            for listener in network.takeListeners(onUnixSockets: false) { listener.close() }
            reopen(sockets, server: server, network: network)
            return changed.contains("bind")
                ? "Failed to bind to specified addresses." : "Unable to listen on this port. Check server logs."
        }
    }

    private static func reopen(_ sockets: [ListeningSocket], server: ServerContext, network: Network) {
        for socket in sockets {
            let address = BindAddress(socket.address.host)
            guard let again = try? makeSocket(address, port: socket.address.port, server) else {
                server.log.write(.warning, "Could not listen on \(socket.address.text) again.")
                continue
            }
            try? network.listen(on: again)
        }
    }
}
