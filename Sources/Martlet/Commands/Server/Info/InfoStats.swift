// INFO persistence, stats, errorstats: what has happened.

extension InfoSection {
    static let persistence = InfoSection("Persistence") { report, server in
        let status = server.persistence.value
        report.add("loading", server.isLoading ? 1 : 0)
        report.add("async_loading", 0)
        // Nothing is forked, so nothing is copied for a child.
        report.add("current_cow_peak", 0)
        report.add("current_cow_size", 0)
        report.add("current_cow_size_age", 0)
        let (saved, total) = status.isWriting ? (status.savedKeys, status.keysToSave) : (0, 0)
        report.add("current_fork_perc", 100 * Double(saved) / Double(max(1, total)))
        report.add("current_save_keys_processed", saved)
        report.add("current_save_keys_total", total)
        report.add("rdb_changes_since_last_save", server.keyspace.value.dirty)
        report.add("rdb_bgsave_in_progress", status.isSaving ? 1 : 0)
        report.add("rdb_last_save_time", status.lastSaveAt)
        report.add("rdb_last_bgsave_status", status.lastSaveSucceeded ? "ok" : "err")
        report.add("rdb_last_bgsave_time_sec", status.lastSaveSeconds)
        let now = server.clock.wallMilliseconds() / 1000
        report.add("rdb_current_bgsave_time_sec", status.savingSince.map { now - $0 } ?? -1)
        report.add("rdb_saves", status.saves)
        report.add("rdb_last_cow_size", 0)
        report.add("rdb_last_load_keys_expired", status.expiredKeysAtLoad)
        report.add("rdb_last_load_keys_loaded", status.loadedKeys)
        addAppendOnly(status.appendOnly, now, &report)
        if let loading = status.loading { add(loading, now, &report) }
    }

    private static func addAppendOnly(_ status: AOFStatus, _ now: Int64, _ report: inout InfoReport) {
        report.add("aof_enabled", status.isOn ? 1 : 0)
        report.add("aof_rewrite_in_progress", status.rewrite.isRunning ? 1 : 0)
        report.add("aof_rewrite_scheduled", status.rewrite.isScheduled ? 1 : 0)
        report.add("aof_last_rewrite_time_sec", status.rewrite.lastSeconds)
        report.add("aof_current_rewrite_time_sec", status.rewrite.begunAt.map { now - $0 } ?? -1)
        report.add("aof_last_bgrewrite_status", status.rewrite.hasSucceeded ? "ok" : "err")
        report.add("aof_rewrites", status.rewrite.count)
        report.add("aof_rewrites_consecutive_failures", status.rewrite.failures)
        report.add("aof_last_write_status", status.hasWriteError ? "err" : "ok")
        report.add("aof_last_cow_size", 0)
        report.add("module_fork_in_progress", 0)
        report.add("module_fork_last_cow_size", 0)
        guard status.isOn else { return }
        report.add("aof_current_size", status.size)
        report.add("aof_base_size", status.sizeAtRewrite)
        report.add("aof_pending_rewrite", status.rewrite.isScheduled ? 1 : 0)
        report.add("aof_buffer_length", status.pendingCount)
        report.add("aof_pending_bio_fsync", status.isSyncing ? 1 : 0)
        report.add("aof_delayed_fsync", status.delayedSyncs)
    }

    private static func add(_ loading: LoadingProgress, _ now: Int64, _ report: inout InfoReport) {
        let total = max(1, loading.totalBytes)
        report.add("loading_start_time", loading.beganAt)
        report.add("loading_total_bytes", loading.totalBytes)
        report.add("loading_rdb_used_mem", loading.memoryAtSave)
        report.add("loading_loaded_bytes", loading.loadedBytes)
        report.add("loading_loaded_perc", Double(loading.loadedBytes) * 100 / Double(total))
        let left = Double(max(0, total - loading.loadedBytes)) / Double(loading.loadedBytes + 1)
        // A second if there is not enough to tell by.
        report.add("loading_eta_seconds", max(1, Int64(Double(max(0, now - loading.beganAt)) * left)))
    }

    /// `expire_lag_ms` and `expire_lag_max_ms` are Martlet's own: how many milliseconds after its deadline the latest
    /// key was removed by active expiry, and the most that it took since the start or CONFIG RESETSTAT.
    static let stats = InfoSection("Stats") { report, server in
        let statistics = server.statistics.value
        report.add("total_connections_received", statistics.connectionsReceived)
        report.add("total_commands_processed", statistics.commandsProcessed)
        report.add("instantaneous_ops_per_sec", statistics.operationsPerSecond.perSecond)
        report.add("total_net_input_bytes", statistics.inputBytes)
        report.add("total_net_output_bytes", statistics.outputBytes)
        report.add("total_net_repl_input_bytes", 0)
        report.add("total_net_repl_output_bytes", 0)
        report.add("instantaneous_input_kbps", Double(statistics.inputRate.perSecond) / 1024)
        report.add("instantaneous_output_kbps", Double(statistics.outputRate.perSecond) / 1024)
        report.add("instantaneous_input_repl_kbps", 0.0)
        report.add("instantaneous_output_repl_kbps", 0.0)
        report.add("rejected_connections", statistics.connectionsRejected)
        report.add("client_query_buffer_limit_disconnections", statistics.queryBufferDisconnections)
        report.add("client_output_buffer_limit_disconnections", statistics.outputBufferDisconnections)
        for name in ["sync_full", "sync_partial_ok", "sync_partial_err"] { report.add(name, 0) }
        addKeys(&report, server)
        report.add("pubsub_channels", server.pubSub.channels.count)
        report.add("pubsub_patterns", server.pubSub.patterns.count)
        report.add("pubsubshard_channels", server.pubSub.shardChannels.count)
        report.add("latest_fork_usec", 0)
        // Nothing is forked: these are the saves and rewrites that Redis would have forked for.
        report.add("total_forks", server.persistence.value.backgroundJobs)
        for name in [
            "migrate_cached_sockets", "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses",
            "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
            "current_active_defrag_time",
        ] { report.add(name, 0) }
        report.add("tracking_total_keys", server.tracking.keyCount)
        report.add("tracking_total_items", server.tracking.itemCount)
        report.add("tracking_total_prefixes", server.tracking.prefixCount)
        report.add("unexpected_error_replies", statistics.unexpectedErrorReplies)
        report.add("total_error_replies", statistics.errorReplies)
        report.add("dump_payload_sanitizations", statistics.payloadChecks)
        report.add("total_reads_processed", statistics.readsProcessed)
        report.add("total_writes_processed", statistics.writesProcessed)
        for name in ["io_threaded_reads_processed", "io_threaded_writes_processed"] { report.add(name, 0) }
        report.add("reply_buffer_shrinks", statistics.replyBufferShrinks)
        report.add("reply_buffer_expands", statistics.replyBufferExpansions)
        report.add("eventloop_cycles", statistics.turns.count)
        report.add("eventloop_duration_sum", statistics.turns.nanoseconds / 1000)
        report.add("eventloop_duration_cmd_sum", statistics.commandNanoseconds / 1000)
        report.add("instantaneous_eventloop_cycles_per_sec", statistics.turns.perSecond)
        report.add("instantaneous_eventloop_duration_usec", statistics.turns.microseconds)
        let refusals = server.users.log.counts
        report.add("acl_access_denied_auth", refusals[.authentication] ?? 0)
        report.add("acl_access_denied_cmd", refusals[.command] ?? 0)
        report.add("acl_access_denied_key", refusals[.key] ?? 0)
        report.add("acl_access_denied_channel", refusals[.channel] ?? 0)
    }

    private static func addKeys(_ report: inout InfoReport, _ server: ServerContext) {
        let keyspace = server.keyspace.value.statistics
        let eviction = server.statistics.value.evictionTime(at: server.clock)
        report.add("expired_subkeys", keyspace.expiredFields)
        report.add("expired_keys", keyspace.expiredKeys)
        // Nothing stale is kept: what is due is known.
        report.add("expired_stale_perc", 0.0)
        report.add("expired_time_cap_reached_count", keyspace.expireSlicesSpent)
        report.add("expire_lag_ms", keyspace.expireLag)
        report.add("expire_lag_max_ms", keyspace.expireLagMaximum)
        report.add("expire_cycle_cpu_milliseconds", keyspace.expireCycleNanoseconds / 1_000_000)
        report.add("evicted_keys", keyspace.evictedKeys)
        report.add("evicted_clients", server.statistics.value.evictedClients)
        report.add("evicted_scripts", 0)
        report.add("total_eviction_exceeded_time", eviction.total)
        report.add("current_eviction_exceeded_time", eviction.current)
        report.add("keyspace_hits", keyspace.hits)
        report.add("keyspace_misses", keyspace.misses)
    }

    /// Calls are counted; how long they took is reckoned from those that were timed.
    static let commandStats = InfoSection("Commandstats", isUsual: false) { report, server in
        for index in 0..<server.commands.count {
            let id = CommandID(index: index)
            let (calls, rejected, failed) =
                (server.commands[id].calls, server.commands[id].rejectedCalls, server.commands[id].failedCalls)
            guard calls > 0 || rejected > 0 || failed > 0 else { continue }
            let each = server.commands[id].microsecondsPerCall
            report.add(
                "cmdstat_\(server.commands[id].fullName)",
                "calls=\(calls),usec=\(Int(each * Double(calls))),usec_per_call=\(InfoReport.decimal(each)),"
                    + "rejected_calls=\(rejected),failed_calls=\(failed)")
        }
    }

    static let latencyStats = InfoSection("Latencystats", isUsual: false) { report, server in
        let percentiles = server.configuration.value.latencyTrackingInfoPercentiles
        for index in 0..<server.commands.count {
            guard let latencies = server.commands[CommandID(index: index)].latencies else { continue }
            let values = percentiles.map { percentile in
                let name = ValueFormat<[Double]>.percentiles.text([percentile])
                let nanoseconds = latencies.value(atPercentile: percentile)
                let digits = String(1000 + nanoseconds % 1000).dropFirst()
                return "p\(String(decoding: name, as: UTF8.self))=\(nanoseconds / 1000).\(digits)"
            }
            report.add(
                "latency_percentiles_usec_\(server.commands[CommandID(index: index)].fullName)",
                values.joined(separator: ","))
        }
    }

    static let errorStats = InfoSection("Errorstats") { report, server in
        for (code, count) in server.statistics.value.errors.sorted(by: { $0.key < $1.key }) {
            report.add("errorstat_\(code)", "count=\(count)")
        }
    }
}
