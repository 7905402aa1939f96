// The rows of directives whose feature is not here yet, second half: observability, access, the system, test knobs.

extension DirectiveTable {
    static let observability = DirectiveSection(
        title: "OBSERVABILITY",
        directives: [
            Directive("syslog-enabled", waiting: false, .yesNo, flags: .immutable, "Log to the system's log, too."),
            Directive("syslog-ident", waiting: "redis", .string, flags: .immutable, "Name in the system's log."),
            Directive(
                "syslog-facility", waiting: "local0",
                .choice([
                    "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
                ]), flags: .immutable, "Facility in the system's log."),
            Directive("crash-log-enabled", waiting: true, .yesNo, "Log a report when the server crashes."),
            Directive("crash-memcheck-enabled", waiting: true, .yesNo, "Check memory when the server crashes."),
        ])

    static let acl = DirectiveSection(
        title: "USERS, SCRIPTS, MODULES",
        directives: [
            // An access list that is not enforced would leave the server open: only its absence is accepted.
            Directive(
                "aclfile", waiting: "",
                .string.checked { $0.isEmpty ? nil : "aclfile is not supported in this version" }, flags: .immutable,
                "File of users; a name is refused in this version, because the users in it would not be enforced."),
            Directive("acllog-max-len", waiting: 128, .integer(0...Int.max), "Refusals kept by ACL LOG."),
            Directive(
                "acl-pubsub-default", waiting: "resetchannels", .choice(["allchannels", "resetchannels"]),
                "Channels of new users."),
            Directive(
                "enable-module-command", waiting: ProtectedAction.no, .choice, flags: .immutable, "Who may send MODULE."
            ),
            Directive(
                "busy-reply-threshold", aliases: ["lua-time-limit"], waiting: 5000, .integer(0...Int.max),
                "Milliseconds of a script after which other clients are answered BUSY."),
        ])

    static let system = DirectiveSection(
        title: "SYSTEM",
        directives: [
            Directive(
                "supervised", waiting: "no", .choice(["upstart", "systemd", "auto", "no"]), flags: .immutable,
                "Which supervisor to report to."),
            Directive(
                "shutdown-on-sigint", waiting: [], .shutdownFlags, "How SIGINT stops the server."),
            Directive(
                "shutdown-on-sigterm", waiting: [], .shutdownFlags, "How SIGTERM stops the server."),
            Directive("set-proc-title", waiting: true, .yesNo, flags: .immutable, "Change the title of the process."),
            Directive(
                "proc-title-template", waiting: "{title} {listen-addr} {server-mode}", .titleTemplate,
                "The title of the process."),
            Directive("dynamic-hz", waiting: true, .yesNo, "Raise hz with the number of connections."),
            Directive(
                "active-expire-effort", waiting: 1, .integer(1...10),
                "How hard to look for expired keys; keys expire on time here whatever it says."),
            Directive(
                "io-threads", waiting: 1, .integer(1...128), flags: .immutable, "Threads that read and write sockets."),
            Directive(
                "io-threads-do-reads", waiting: false, .yesNo, flags: .immutable, "Whether these threads read, too."),
            Directive("locale-collate", waiting: "", .string, "Locale that strings are compared in."),
            Directive(
                "oom-score-adj", waiting: "no",
                .choice(["no", "yes", "relative", "absolute"], spellings: ["relative": "yes"]),
                "Whether to tell the kernel which process to kill first when memory runs out."),
            Directive(
                "oom-score-adj-values", waiting: [0, 200, 800], .oomScores,
                "Scores of a primary, a replica and a background child."),
            Directive("disable-thp", waiting: true, .yesNo, flags: .immutable, "Ask the kernel for no huge pages."),
            Directive(
                "server-cpulist", aliases: ["server_cpulist"], waiting: "", .string, flags: .immutable,
                "Processors of the main thread."),
            Directive(
                "bio-cpulist", aliases: ["bio_cpulist"], waiting: "", .string, flags: .immutable,
                "Processors of background threads."),
            Directive(
                "aof-rewrite-cpulist", aliases: ["aof_rewrite_cpulist"], waiting: "", .string, flags: .immutable,
                "Processors that rewrite the append only file."),
            Directive(
                "bgsave-cpulist", aliases: ["bgsave_cpulist"], waiting: "", .string, flags: .immutable,
                "Processors that write snapshots."),
            Directive(
                "socket-mark-id", waiting: 0, .integer(0...Int(UInt32.max)), flags: .immutable,
                "Mark of listening sockets for the system's packet filter; 0 for none."),
            Directive("ignore-warnings", waiting: "", .string, "Warnings about the system that do not stop the start."),
        ])

    static let testing = DirectiveSection(
        title: "FOR TESTS",
        directives: [
            Directive(
                "loading-process-events-interval-bytes", waiting: 2 << 20, .integer(1024...int32Max), flags: .hidden,
                "Bytes loaded between two looks at the clients."),
            Directive("use-exit-on-panic", waiting: false, .yesNo, flags: .hidden, "Exit instead of abort on a panic."),
            Directive(
                "watchdog-period", waiting: 0, .integer(0...int32Max), flags: .hidden,
                "Milliseconds after which a stuck server logs where it is; 0 for never."),
            Directive(
                "lua-enable-deprecated-api", waiting: false, .yesNo, flags: [.immutable, .hidden],
                "Give scripts the functions of old versions."),
        ])
}
