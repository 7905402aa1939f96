// INFO server, clients, replication, cluster, cpu: what the process is and who is there.

extension InfoSection {
    static let server = InfoSection("Server") { report, server in
        let uptime = max(0, server.monotonicSeconds - server.identity.startedAtMonotonicSeconds)
        let hz = server.configuration.value.hz
        report.add("redis_version", ServerVersion.redis)
        report.add("server_name", "martlet")
        report.add("martlet_version", ServerVersion.martlet)
        report.add("redis_git_sha1", "00000000")
        report.add("redis_git_dirty", 0)
        report.add("redis_build_id", ServerVersion.buildID)
        report.add("redis_mode", "standalone")
        report.add("os", Machine.operatingSystem())
        report.add("arch_bits", Int.bitWidth)
        report.add("atomicvar_api", "swift-synchronization")
        // Nothing here was compiled by gcc.
        report.add("gcc_version", "0.0.0")
        report.add("monotonic_clock", "POSIX clock_gettime")
        report.add("multiplexing_api", Poller.systemInterface)
        report.add("process_id", CurrentProcess.id)
        report.add("process_supervised", server.identity.supervisor)
        report.add("run_id", server.identity.runID)
        report.add("tcp_port", server.services.port())
        report.add("server_time_usec", server.clock.wallMicroseconds())
        report.add("uptime_in_seconds", uptime)
        report.add("uptime_in_days", uptime / 86_400)
        report.add("hz", hz)
        report.add("configured_hz", hz)
        report.add("lru_clock", server.keyspace.value.accessClock)
        report.add("executable", server.identity.executable)
        report.add("config_file", server.identity.configurationFile)
        report.add("io_threads_active", 0)
        addListeners(server, &report)
    }

    private static func addListeners(_ server: ServerContext, _ report: inout InfoReport) {
        let configuration = server.configuration.value
        var listeners: [String] = []
        if server.services.port() > 0 {
            let addresses = configuration.bind.map { "bind=\($0)," }.joined()
            listeners.append("name=tcp,\(addresses)port=\(server.services.port())")
        }
        if !configuration.unixsocket.isEmpty { listeners.append("name=unix,bind=\(configuration.unixsocket)") }
        for (index, listener) in listeners.enumerated() { report.add("listener\(index)", listener) }
    }

    static let clients = InfoSection("Clients") { report, server in
        var largestInput = server.statistics.value.incompleteInput.value(at: server.monotonicSeconds)
        var (largestOutput, watching) = (0, 0)
        for session in server.clients.unordered {
            if let transport = session.transport {
                largestInput = max(largestInput, transport.queryBufferCount + transport.queryBufferRoom)
                largestOutput = max(largestOutput, transport.replyBufferCapacity)
            }
            if !session.watches.isEmpty { watching += 1 }
        }
        report.add("connected_clients", server.clients.count)
        report.add("cluster_connections", 0)
        report.add("maxclients", server.configuration.value.maxclients)
        report.add("client_recent_max_input_buffer", largestInput)
        report.add("client_recent_max_output_buffer", largestOutput)
        report.add("blocked_clients", server.blocked.count)
        // No command that is here waits for a key.
        for name in ["total_blocking_keys", "total_blocking_keys_on_nokey"] { report.add(name, 0) }
        report.add("tracking_clients", server.tracking.clientCount)
        report.add("clients_in_timeout_table", server.blocked.timedCount)
        report.add("pubsub_clients", server.pubSub.subscriberCount)
        report.add("watching_clients", watching)
        report.add("total_watched_keys", server.watches.count)
    }

    /// Clients look here for whom they may write to.
    static let replication = InfoSection("Replication") { report, server in
        report.add("role", "master")
        report.add("connected_slaves", 0)
        report.add("master_failover_state", "no-failover")
        report.add("master_replid", server.identity.replicationID)
        report.add("master_replid2", String(repeating: "0", count: 40))
        report.add("master_repl_offset", 0)
        report.add("second_repl_offset", -1)
        report.add("repl_backlog_active", 0)
        let backlogSize = DirectiveTable.directive(named: "repl-backlog-size")?.text(in: server.configuration.value)
        report.add("repl_backlog_size", String(decoding: backlogSize ?? [], as: UTF8.self))
        report.add("repl_backlog_first_byte_offset", 0)
        report.add("repl_backlog_histlen", 0)
    }

    static let cluster = InfoSection("Cluster") { report, _ in
        report.add("cluster_enabled", 0)
    }

    /// There are none, and nothing to tell of them.
    static let modules = InfoSection("Modules") { _, _ in }

    static let cpu = InfoSection("CPU") { report, _ in
        for (scope, suffix) in [(CurrentProcess.Scope.process, ""), (.children, "_children")] {
            guard let time = CurrentProcess.cpuTime(of: scope) else { continue }
            report.add("used_cpu_sys\(suffix)", time.system.secondsText)
            report.add("used_cpu_user\(suffix)", time.user.secondsText)
        }
        // The loop has no thread of its own, it has the process's but for some waiting for disks.
        if let time = CurrentProcess.cpuTime(of: .process) {
            report.add("used_cpu_sys_main_thread", time.system.secondsText)
            report.add("used_cpu_user_main_thread", time.user.secondsText)
        }
    }
}

extension CPUTime.Amount {
    /// With six digits behind the point.
    fileprivate var secondsText: String { "\(seconds).\(String(1_000_000 + microseconds).dropFirst())" }
}
