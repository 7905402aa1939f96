// The rows of directives whose feature is not here yet: replication, defragmentation, encodings.
// They are parsed, bounded and shown as Redis does, and the start names those that were changed.

extension DirectiveTable {
    static let replication = DirectiveSection(
        title: "REPLICATION",
        directives: [
            Directive(
                "replicaof", aliases: ["slaveof"], waiting: nil, .replicationSource, flags: .immutable,
                "The server to be a replica of."),
            Directive("masterauth", waiting: [], .bytes, flags: .sensitive, "Password to send to the primary."),
            Directive("masteruser", waiting: "", .string, flags: .sensitive, "User name to send to the primary."),
            Directive(
                "replica-serve-stale-data", aliases: ["slave-serve-stale-data"], waiting: true, .yesNo,
                "Answer reads while the link to the primary is down."),
            Directive(
                "replica-read-only", aliases: ["slave-read-only"], waiting: true, .yesNo,
                "Refuse writes from clients on a replica."),
            Directive(
                "replica-lazy-flush", aliases: ["slave-lazy-flush"], waiting: false, .yesNo,
                "Free the old data in the background before a full synchronisation is loaded."),
            Directive(
                "replica-ignore-maxmemory", aliases: ["slave-ignore-maxmemory"], waiting: true, .yesNo,
                "Leave eviction to the primary."),
            Directive(
                "replica-ignore-disk-write-errors", waiting: false, .yesNo,
                "Go on replicating when this replica cannot write to its disk."),
            Directive(
                "replica-priority", aliases: ["slave-priority"], waiting: 100, .integer(0...int32Max),
                "Rank for promotion by Sentinel, lower first; 0 for never."),
            Directive("replica-announced", waiting: true, .yesNo, "Whether Sentinel tells others of this replica."),
            Directive(
                "replica-announce-ip", aliases: ["slave-announce-ip"], waiting: "", .string,
                "Address that a replica reports to its primary; empty for that of the connection."),
            Directive(
                "replica-announce-port", aliases: ["slave-announce-port"], waiting: 0, .integer(0...65535),
                "Port that a replica reports to its primary; 0 for the one that it listens on."),
            Directive(
                "min-replicas-to-write", aliases: ["min-slaves-to-write"], waiting: 0, .integer(0...int32Max),
                "Refuse writes with fewer replicas in touch than this; 0 for never."),
            Directive(
                "min-replicas-max-lag", aliases: ["min-slaves-max-lag"], waiting: 10, .integer(0...int32Max),
                "Seconds of silence after which a replica no longer counts as in touch."),
            Directive(
                "repl-timeout", waiting: 60, .integer(1...int32Max), "Seconds after which a silent link is down."),
            Directive(
                "repl-ping-replica-period", aliases: ["repl-ping-slave-period"], waiting: 10, .integer(1...int32Max),
                "Seconds between pings to replicas."),
            Directive(
                "repl-backlog-size", waiting: 1 << 20, .memory(1...Int.max),
                "Bytes of the stream kept for replicas that reconnect."),
            Directive(
                "repl-backlog-ttl", waiting: 3600, .integer(0...Int.max),
                "Seconds without replicas after which the backlog is freed; 0 for never."),
            Directive(
                "repl-disable-tcp-nodelay", waiting: false, .yesNo, "Trade latency of the stream for fewer packets."),
            Directive("repl-diskless-sync", waiting: true, .yesNo, "Send snapshots to replicas without a file."),
            Directive(
                "repl-diskless-sync-delay", waiting: 5, .integer(0...int32Max),
                "Seconds to wait for more replicas before sending a snapshot."),
            Directive(
                "repl-diskless-sync-max-replicas", waiting: 0, .integer(0...int32Max),
                "Number of replicas that ends the wait; 0 for none."),
            Directive(
                "repl-diskless-load", waiting: "disabled", .choice(["disabled", "on-empty-db", "swapdb"]),
                "How a replica loads a snapshot without a file."),
            Directive("rdb-del-sync-files", waiting: false, .yesNo, "Delete snapshot files made for replication only."),
            Directive(
                "propagation-error-behavior", waiting: "ignore", .choice(["ignore", "panic", "panic-on-replicas"]),
                "What to do when a replicated command fails."),
            Directive("bind-source-addr", waiting: "", .string, "Local address of connections to the primary."),
            Directive(
                "shutdown-timeout", waiting: 10, .integer(0...int32Max), "Seconds that a stop waits for replicas."),
        ])

    static let defragmentation = DirectiveSection(
        title: "DEFRAGMENTATION",
        directives: [
            Directive(
                "activedefrag", waiting: false,
                .yesNo.checked {
                    $0
                        ? "Active defragmentation cannot be enabled: it requires a Redis server compiled with a "
                            + "modified Jemalloc like the one shipped by default with the Redis source distribution"
                        : nil
                }, "Defragment memory while serving; cannot be enabled."),
            Directive(
                "active-defrag-ignore-bytes", waiting: 100 << 20, .memory(1...Int.max),
                "Fragmentation in bytes below which nothing is done."),
            Directive(
                "active-defrag-threshold-lower", waiting: 10, .integer(0...1000),
                "Fragmentation in percent at which defragmentation begins."),
            Directive(
                "active-defrag-threshold-upper", waiting: 100, .integer(0...1000),
                "Fragmentation in percent at which the most effort is used."),
            Directive("active-defrag-cycle-min", waiting: 1, .integer(1...99), "Least effort in percent of CPU."),
            Directive("active-defrag-cycle-max", waiting: 25, .integer(1...99), "Most effort in percent of CPU."),
            Directive(
                "active-defrag-max-scan-fields", waiting: 1000, .integer(1...Int.max),
                "Elements above which a value is defragmented in steps."),
            Directive("jemalloc-bg-thread", waiting: true, .yesNo, "Let jemalloc purge in a thread of its own."),
        ])

    static let encodings = DirectiveSection(
        title: "ENCODINGS",
        directives: [
            Directive(
                "list-max-listpack-size", aliases: ["list-max-ziplist-size"], waiting: -2,
                .integer(Int(Int32.min)...int32Max),
                "Most elements of one block of a list, or its size class (-1 for 4 kb up to -5 for 64 kb)."),
            Directive(
                "list-compress-depth", waiting: 0, .integer(0...int32Max),
                "Blocks at each end of a list that stay uncompressed; 0 for no compression."),
            Directive(
                "zset-max-listpack-entries", aliases: ["zset-max-ziplist-entries"], waiting: 128, .integer(0...Int.max),
                "Most members of a sorted set in one packed block."),
            Directive(
                "zset-max-listpack-value", aliases: ["zset-max-ziplist-value"], waiting: 64, .memory(0...Int.max),
                "Longest member, in bytes, of a sorted set in one packed block."),
            Directive(
                "hll-sparse-max-bytes", waiting: 3000, .memory(0...Int.max), "Most bytes of a sparse HyperLogLog."),
            Directive(
                "stream-node-max-bytes", waiting: 4096, .memory(0...Int.max), "Most bytes of a block of a stream."),
            Directive(
                "stream-node-max-entries", waiting: 100, .integer(0...Int.max), "Most entries of a block of a stream."),
            Directive("activerehashing", waiting: true, .yesNo, "Grow tables in idle time, too."),
        ])
}
