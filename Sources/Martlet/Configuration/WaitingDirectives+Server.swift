// The rows of directives whose feature is not here yet, second half: observability, access, the system, test knobs.

extension DirectiveTable {
    static let observability = DirectiveSection(
        title: "OBSERVABILITY",
        directives: [
            Directive("crash-memcheck-enabled", waiting: true, .yesNo, "Check memory when the server crashes.")
        ])

    static let extensions = DirectiveSection(
        title: "SCRIPTS, MODULES",
        directives: [
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
                "bio-cpulist", aliases: ["bio_cpulist"], waiting: "", .string, flags: .immutable,
                "Processors of background threads."),
            Directive(
                "aof-rewrite-cpulist", aliases: ["aof_rewrite_cpulist"], waiting: "", .string, flags: .immutable,
                "Processors that rewrite the append only file."),
            Directive(
                "bgsave-cpulist", aliases: ["bgsave_cpulist"], waiting: "", .string, flags: .immutable,
                "Processors that write snapshots."),
            Directive("ignore-warnings", waiting: "", .string, "Warnings about the system that do not stop the start."),
        ])

    static let testing = DirectiveSection(
        title: "FOR TESTS",
        directives: [
            Directive(
                "loading-process-events-interval-bytes", waiting: 2 << 20, .integer(1024...int32Max), flags: .hidden,
                "Bytes loaded between two looks at the clients."),
            Directive(
                "lua-enable-deprecated-api", waiting: false, .yesNo, flags: [.immutable, .hidden],
                "Give scripts the functions of old versions."),
        ])
}
