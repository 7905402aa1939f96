// The rows of directives that the server reads. Shape, bounds and default of a value are added to the sample file
// from the row, so the documentation here says what the value does and in which unit.

extension DirectiveTable {
    static let network = DirectiveSection(
        title: "NETWORK",
        directives: [
            Directive(
                "bind", at: \.bind, .addresses,
                """
                Addresses to listen on: IPv4, IPv6 or host names; * is every IPv4 address, ::* every IPv6 address.
                An address behind a - may be missing on this machine; any other that is missing stops the start.
                Empty for no TCP at all.
                """),
            Directive(
                "port", at: \.port, .integer(0...65535),
                "TCP port to listen on; 0 for none."),
            Directive(
                "tcp-backlog", at: \.tcpBacklog, .integer(0...int32Max), flags: .immutable,
                """
                How many connections may wait to be accepted. The system caps it (Linux: net.core.somaxconn).
                """),
            Directive(
                "tcp-keepalive", at: \.tcpKeepaliveSeconds, .integer(0...int32Max),
                """
                Seconds of silence on a TCP connection after which the system probes whether the other side lives;
                0 for no probes.
                """),
            Directive(
                "unixsocket", at: \.unixsocket, .string,
                "Path of a unix socket to listen on, besides TCP; empty for none."),
            Directive(
                "unixsocketperm", at: \.unixsocketPermissions, .octal(0...0o777),
                """
                Permission bits of the unix socket, in octal as chmod takes them; 0 leaves what the umask gives. Read
                when the socket is made.
                """),
            Directive(
                "socket-mark-id", at: \.socketMarkID, .integer(0...Int(UInt32.max)), flags: .immutable,
                """
                Mark of TCP sockets for the system's packet filter and routes (Linux; needs CAP_NET_ADMIN); 0 for none.
                """),
            Directive(
                "timeout", at: \.timeoutSeconds, .integer(0...int32Max),
                "Seconds after which an idle connection is closed; 0 for never."),
            Directive(
                "maxclients", at: \.maxclients, .integer(1...Int(UInt32.max)),
                """
                Connections at one time. One more is answered "ERR max number of clients reached" and closed.
                """),
            Directive(
                "proto-max-bulk-len", at: \.protoMaxBulkLength, .memory(1 << 20...Int.max),
                "Longest argument of a request, and longest string value that commands build, in bytes."),
            Directive(
                "client-query-buffer-limit", at: \.clientQueryBufferLimit, .memory(1 << 20...Int.max),
                "Most bytes that one connection's incomplete request may hold; beyond it the connection is closed."),
            Directive(
                "client-output-buffer-limit", at: \.clientOutputBufferLimits, .outputBufferLimits,
                """
                Close a client that does not read its replies: at once at the hard limit, and after some seconds above
                the soft one; 0 for no limit. Subscribers are of the class pubsub; replica waits for replication.
                """),
        ])

    static let access = DirectiveSection(
        title: "ACCESS",
        directives: [
            Directive(
                "protected-mode", at: \.protectedMode, .yesNo,
                """
                While there is no password, serve connections from this machine only and tell others why.
                """),
            Directive(
                "requirepass", at: \.requirepass, .bytes, flags: .sensitive,
                "The password that clients have to send with AUTH before anything else; empty for none."),
            Directive(
                "aclfile", at: \.aclfile, .string, flags: .immutable,
                """
                File of users, relative to dir: a line `user name rules` for each, in the place of such lines here.
                ACL LOAD reads it, ACL SAVE writes it.
                """),
            Directive(
                "acllog-max-len", at: \.acllogMaxLen, .integer(0...Int.max), "How many refusals ACL LOG keeps."),
            Directive(
                "acl-pubsub-default", at: \.aclPubsubDefault, .choice,
                "Channels that a new user may use: all, or none until a rule allows some."),
            Directive(
                "enable-debug-command", at: \.enableDebugCommand, .choice, flags: .immutable,
                "Who may send DEBUG: nobody, everybody, or connections from this machine (local)."),
            Directive(
                "enable-protected-configs", at: \.enableProtectedConfigs, .choice, flags: .immutable,
                """
                Who may change dir and dbfilename with CONFIG SET: nobody, everybody, or connections from this
                machine (local).
                """),
        ])

    static let process = DirectiveSection(
        title: "PROCESS AND LOG",
        directives: [
            Directive(
                "daemonize", at: \.daemonize, .yesNo, flags: .immutable,
                "Leave the terminal and run in the background."),
            Directive(
                "pidfile", at: \.pidfile, .string, flags: .immutable,
                """
                File that holds the process id while the server runs; empty for none. That it cannot be written does
                not stop the start.
                """),
            Directive(
                "loglevel", at: \.loglevel, .choice,
                "The least important messages to log."),
            Directive(
                "logfile", at: \.logfile, .string, flags: .immutable,
                "File to append log lines to; empty for standard output."),
            Directive(
                "latency-monitor-threshold", at: \.latencyMonitorThreshold, .integer(0...Int.max),
                "Milliseconds from which on LATENCY remembers what took so long; 0 for never."),
            Directive(
                "latency-tracking", at: \.latencyTracking, .yesNo,
                "Keep a histogram of how long the calls of each command take."),
            Directive(
                "latency-tracking-info-percentiles", at: \.latencyTrackingInfoPercentiles, .percentiles,
                "Percentiles that INFO latencystats shows."),
            Directive(
                "slowlog-log-slower-than", at: \.slowlogLogSlowerThan, .integer(-1...Int.max),
                "Microseconds from which on SLOWLOG keeps a command; -1 for never."),
            Directive(
                "slowlog-max-len", at: \.slowlogMaxLen, .integer(0...Int.max), "How many commands SLOWLOG keeps."),
            Directive(
                "watchdog-period", at: \.watchdogPeriod, .integer(0...int32Max), flags: .hidden,
                """
                Milliseconds that one turn of the event loop may take before the log is told where it is stuck; 0 for
                any number. Raised to twice the interval that hz makes. For use while something is looked for: a signal
                asks the thread for its stack (Linux with glibc, and not in a server that is part of a program).
                """),
            Directive(
                "always-show-logo", at: \.alwaysShowLogo, .yesNo, flags: .immutable,
                "Show the logo at the start even when the log does not go to a terminal."),
            Directive(
                "dir", at: \.dir, .string, flags: .protected,
                "Directory that the server writes its files to. CONFIG GET shows it as an absolute path."),
        ])

    static let keyspace = DirectiveSection(
        title: "KEYSPACE",
        directives: [
            Directive(
                "databases", at: \.databases, .integer(1...int32Max), flags: .immutable,
                "Number of databases; SELECT takes 0 up to one less."),
            Directive(
                "hz", at: \.hz, .integer(0...int32Max, movedInto: 1...500),
                """
                How often in a second the periodic work runs: idle connections, statistics, memory upkeep.
                Numbers outside the range are moved to its nearer end. Expiry of keys does not depend on it.
                """),
            Directive(
                "lazyfree-lazy-expire", at: \.lazyfreeLazyExpire, .yesNo,
                "Free the values of expired keys in the background."),
            Directive(
                "lazyfree-lazy-server-del", at: \.lazyfreeLazyServerDel, .yesNo,
                "Free values that another command replaces (RENAME, SET ...) in the background."),
            Directive(
                "lazyfree-lazy-user-del", at: \.lazyfreeLazyUserDel, .yesNo,
                "Let DEL free values in the background, as UNLINK does."),
            Directive(
                "lazyfree-lazy-user-flush", at: \.lazyfreeLazyUserFlush, .yesNo,
                "Let FLUSHDB and FLUSHALL free in the background when they are called without SYNC or ASYNC."),
            Directive(
                "tracking-table-max-keys", at: \.trackingTableMaxKeys, .integer(0...Int.max),
                """
                Keys whose readers are remembered for client side caching; 0 for no limit. Beyond it keys chosen at
                random are forgotten, and their readers are told as if those had changed.
                """),
            Directive(
                "notify-keyspace-events", at: \.notifyKeyspaceEvents, .eventClasses,
                """
                Changes of keys that are published on channels; empty for none. K publishes the event on
                __keyspace@<db>__:<key>, E the key on __keyevent@<db>__:<event>; at least one of them is needed.
                Which events: g commands of any type, $ strings, l lists, s sets, h hashes, z sorted sets, t streams,
                d modules, x expired, e evicted, n new keys, m misses; A stands for all but n and m.
                """),
        ])
}
