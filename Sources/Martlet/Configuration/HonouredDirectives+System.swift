// The rows of directives about the process among others on its machine: supervisor, signals, title, the system's log.

extension DirectiveTable {
    static let hostProcess = DirectiveSection(
        title: "SYSTEM",
        directives: [
            Directive(
                "syslog-enabled", at: \.syslogEnabled, .yesNo, flags: .immutable,
                "Send log lines to the system's log, too."),
            Directive("syslog-ident", at: \.syslogIdent, .string, flags: .immutable, "Name in the system's log."),
            Directive(
                "syslog-facility", at: \.syslogFacility,
                .choice([
                    "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
                ]), flags: .immutable, "Facility in the system's log."),
            Directive(
                "crash-log-enabled", at: \.crashLogEnabled, .yesNo,
                "Write signal and stack to the log when the process ends by its own fault."),
            Directive(
                "use-exit-on-panic", at: \.useExitOnPanic, .yesNo, flags: .hidden,
                "After a panic, exit with status 1 instead of by a signal."),
            Directive(
                "supervised", at: \.supervised, .choice(["upstart", "systemd", "auto", "no"]), flags: .immutable,
                """
                Which supervisor is told when the server is ready: systemd over the socket that NOTIFY_SOCKET names,
                Upstart by SIGSTOP; auto is whichever the environment shows.
                """),
            Directive(
                "shutdown-on-sigint", at: \.shutdownOnSigint, .shutdownFlags,
                "How SIGINT stops the server; default is what SHUTDOWN does."),
            Directive(
                "shutdown-on-sigterm", at: \.shutdownOnSigterm, .shutdownFlags,
                "How SIGTERM stops the server; default is what SHUTDOWN does."),
            Directive(
                "set-proc-title", at: \.setProcTitle, .yesNo, flags: .immutable,
                "Change the title of the process (on Linux)."),
            Directive(
                "proc-title-template", at: \.procTitleTemplate, .titleTemplate,
                """
                The title of the process. Its variables: {title} the program, {listen-addr} address and port or unix
                socket, {server-mode}, {port}, {tls-port}, {unixsocket}, {config-file}.
                """),
            Directive(
                "oom-score-adj", at: \.oomScoreAdj,
                .choice(["no", "yes", "relative", "absolute"], spellings: ["relative": "yes"]),
                """
                Whether to tell the kernel which process to kill first when memory runs out (Linux): relative to the
                score that the process began with, or absolute.
                """),
            Directive(
                "oom-score-adj-values", at: \.oomScoreAdjValues, .oomScores,
                "Scores of a primary, a replica and a background child; only the first is of use here."),
            Directive(
                "server-cpulist", aliases: ["server_cpulist"], at: \.serverCPUList, .string, flags: .immutable,
                """
                Processors that the server may run on (Linux), with all its threads: 0,2,8-11 or, for every second one
                of a range, 0-7:2. Empty for all.
                """),
            Directive(
                "disable-thp", at: \.disableTHP, .yesNo, flags: .immutable,
                "Do without huge pages (Linux), which may take memory that nobody uses."),
        ])
}
