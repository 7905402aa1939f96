// DEBUG subcommand [arguments]
//
// To Redis this is one command, not a container: its subcommands are looked up here, not in the command table. Those
// that show something of the data stand in their own files; what they do is listed in `subcommands`.

enum DebugCommand {
    static let spec = CommandSpec(
        "debug", summary: "Looks into the server and provokes what is hard to provoke.", since: "1.0.0",
        group: .server, complexity: "Depends on the subcommand", arity: -2,
        flags: [.admin, .noScript, .loading, .stale, .protected], isInternal: true, handler: debugCommand)

    // SIGABRT and SIGSEGV, the same numbers on all systems.
    private static let abortSignal: Int32 = 6
    private static let accessSignal: Int32 = 11

    struct Subcommand: Sendable {
        let name: StaticString
        /// Words in all that it takes, DEBUG included.
        let wordCount: ClosedRange<Int>
        let help: HelpEntry
        let handler: CommandHandler
    }

    private static let subcommands: [Subcommand] = [
        Subcommand(
            name: "AOF-FLUSH-SLEEP", wordCount: 3...3,
            help: .init(
                "AOF-FLUSH-SLEEP <microseconds>", "Wait so long ahead of each write to the append only file."),
            handler: delayAppendOnlyFile),
        Subcommand(
            name: "ASSERT", wordCount: 2...2, help: .init("ASSERT", "End the process as a broken assertion would."),
            handler: assert),
        Subcommand(
            name: "DIGEST", wordCount: 2...2,
            help: .init("DIGEST", "Compute a digest of all data; equal data has an equal digest."),
            handler: DebugDigest.digest),
        Subcommand(
            name: "DIGEST-VALUE", wordCount: 2...Int.max,
            help: .init("DIGEST-VALUE <key> [<key> ...]", "Compute a digest of each key's value."),
            handler: DebugDigest.digestValue),
        Subcommand(
            name: "ERROR", wordCount: 3...3, help: .init("ERROR <string>", "Reply with <string> as an error."),
            handler: error),
        Subcommand(
            name: "HTSTATS", wordCount: 3...3,
            help: .init("HTSTATS <dbid>", "Show the shape of the database's hash table and of its deadline index."),
            handler: DebugTables.statistics),
        Subcommand(
            name: "HTSTATS-KEY", wordCount: 3...3,
            help: .init("HTSTATS-KEY <key>", "Show the shape of the hash table that is the value of <key>."),
            handler: DebugTables.statisticsOfKey),
        Subcommand(
            name: "LISTPACK", wordCount: 3...3,
            help: .init("LISTPACK <key>", "Write the elements of a packed value to the server's log."),
            handler: DebugObject.listpack),
        Subcommand(
            name: "LOADAOF", wordCount: 2...2,
            help: .init("LOADAOF", "Write the append only file, empty the memory and load the file."),
            handler: loadAppendOnlyFile),
        Subcommand(
            name: "LOG", wordCount: 3...3, help: .init("LOG <message>", "Write <message> to the server's log."),
            handler: log),
        Subcommand(
            name: "OBJECT", wordCount: 3...3,
            help: .init("OBJECT <key>", "Show where and how <key> and its value are kept."),
            handler: DebugObject.object),
        Subcommand(
            name: "CONFIG-REWRITE-FORCE-ALL", wordCount: 2...2,
            help: .init("CONFIG-REWRITE-FORCE-ALL", "Write the configuration file with all directives."),
            handler: { (call: inout CommandCall, _) throws(ReplyError) in
                if let error = call.server.services.rewriteConfiguration(true) { throw error }
                call.reply.ok()
            }),
        Subcommand(
            name: "PAUSE-CRON", wordCount: 3...3,
            help: .init("PAUSE-CRON <0|1>", "With 1, the periodic work (idle clients, statistics) does nothing."),
            handler: pauseCron),
        Subcommand(
            name: "POPULATE", wordCount: 3...5,
            help: .init(
                "POPULATE <count> [<prefix>] [<size>]",
                "Create <count> strings named <prefix>:<number>, where they do not exist; <prefix> is `key` if not",
                "given. Values are cut or filled with zeros to <size> bytes, if given."),
            handler: DebugPopulate.populate),
        Subcommand(
            name: "PROTOCOL", wordCount: 3...3,
            help: .init(
                "PROTOCOL <type>", "Reply with an example of a type: string, integer, double, bignum, null, array,",
                "set, map, attrib, push, verbatim, true, false."),
            handler: DebugProtocol.example),
        Subcommand(
            name: "PANIC", wordCount: 2...2, help: .init("PANIC", "End the process as a failed check would."),
            handler: { (call: inout CommandCall, _) throws(ReplyError) in try crash(call, abortSignal) }),
        Subcommand(
            name: "RELOAD", wordCount: 2...5,
            help: .init(
                "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
                "Save the data, empty the memory and load the file. NOSAVE and NOFLUSH leave out a step; with MERGE",
                "keys that are there already are replaced."),
            handler: reload),
        Subcommand(
            name: "REPLYBUFFER", wordCount: 4...4,
            help: .init(
                "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|milliseconds>",
                "Accepted as Redis has it; buffers here have no peak to reset.", "REPLYBUFFER RESIZING <0|1>",
                "With 0, buffers for replies keep their memory."),
            handler: replyBuffer),
        Subcommand(
            name: "SEGFAULT", wordCount: 2...2, help: .init("SEGFAULT", "End the process as a bad access would."),
            handler: { (call: inout CommandCall, _) throws(ReplyError) in try crash(call, accessSignal) }),
        Subcommand(
            name: "SET-ACTIVE-EXPIRE", wordCount: 3...3,
            help: .init(
                "SET-ACTIVE-EXPIRE <0|1>", "With 0, keys whose time is over stay until somebody looks for them."),
            handler: setActiveExpire),
        Subcommand(
            name: "SET-SKIP-CHECKSUM-VALIDATION", wordCount: 3...3,
            help: .init("SET-SKIP-CHECKSUM-VALIDATION <0|1>", "With 1, RESTORE takes payloads with wrong checksums."),
            handler: setSkipChecksums),
        Subcommand(
            name: "SLEEP", wordCount: 3...3,
            help: .init("SLEEP <seconds>", "Stop the whole server for so long; fractions are welcome."),
            handler: sleep),
        Subcommand(
            name: "STRINGMATCH-LEN", wordCount: 4...4,
            help: .init("STRINGMATCH-LEN <pattern> <string>", "Reply 1 if the pattern matches the string, else 0."),
            handler: stringMatch),
    ]

    /// Its name is Redis's, by which people look for it in the stack that the watchdog writes to the log; so it must
    /// be a function of its own there.
    @inline(never)
    @Sendable
    private static func debugCommand(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        for subcommand in subcommands
        where arguments.matches(1, subcommand.name) && subcommand.wordCount.contains(arguments.count) {
            return try subcommand.handler(&call, arguments)
        }
        guard arguments.matches(1, "HELP"), arguments.count == 2 else {
            throw .wrongSubcommandArity(arguments[1], of: "DEBUG")
        }
        call.reply(help: subcommands.map(\.help), of: "DEBUG")
    }

    // MARK: The short ones

    /// The word is the whole error line; it is not counted as an error of the server.
    @Sendable
    private static func error(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.error(ReplyError(bytes: arguments[2].copied()))
    }

    @Sendable
    private static func log(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.server.log.write(.warning, "DEBUG LOG: \(arguments.text(2))")
        call.reply.ok()
    }

    @Sendable
    private static func assert(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        if call.server.identity.role == .daemon {
            call.server.log.write(.warning, "=== ASSERTION FAILED ===")
            call.server.log.write(.warning, "==> DEBUG ASSERT")
        }
        try crash(call, abortSignal)
    }

    /// A program that a server is part of is not the client's to end.
    private static func crash(_ call: borrowing CommandCall, _ signal: Int32) throws(ReplyError) {
        guard call.server.identity.role == .daemon else {
            throw ReplyError("ERR only a server that is a process of its own can be made to crash")
        }
        // A fault of the processor's own takes its course.
        CrashReport.provoke(
            signal, exits: call.server.configuration.value.useExitOnPanic && signal == abortSignal)
    }

    @Sendable
    private static func replyBuffer(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        if arguments.matches(2, "RESIZING") {
            call.server.keepsReplyBuffers = try arguments.integer(3) == 0
        } else if !arguments.matches(2, "PEAK-RESET-TIME") {
            throw .wrongSubcommandArity(arguments[1], of: "DEBUG")
        } else if !arguments.matches(3, "NEVER"), !arguments.matches(3, "RESET") {
            _ = try arguments.integer(3)
        }
        call.reply.ok()
    }

    @Sendable
    private static func pauseCron(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.server.isCronPaused = parseInt64(arguments[2]) ?? 0 != 0
        call.reply.ok()
    }

    @Sendable
    private static func reload(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var request = ReloadRequest()
        for index in 2..<arguments.count {
            if arguments.matches(index, "NOSAVE") {
                request.saves = false
            } else if arguments.matches(index, "NOFLUSH") {
                request.empties = false
            } else if arguments.matches(index, "MERGE") {
                request.replaces = true
            } else {
                throw ReplyError("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
            }
        }
        if let error = call.server.services.reload(request) { throw error }
        call.reply.ok()
    }

    @Sendable
    private static func loadAppendOnlyFile(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        if let error = call.server.services.loadAppendOnlyFile() { throw error }
        call.reply.ok()
    }

    @Sendable
    private static func delayAppendOnlyFile(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        call.server.services.delayAppendOnlyFile(try arguments.integer(2))
        call.reply.ok()
    }

    @Sendable
    private static func setSkipChecksums(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError)
    {
        call.server.checksPayloadChecksums = parseInt64(arguments[2]) ?? 0 == 0
        call.reply.ok()
    }

    @Sendable
    private static func setActiveExpire(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        call.keyspace.setExpiresActively(parseInt64(arguments[2]) ?? 0 != 0)
        call.reply.ok()
    }

    /// What is not a number of seconds is no time at all.
    @Sendable
    private static func sleep(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let microseconds = (parseDouble(arguments[2]) ?? 0) * 1_000_000
        call.server.services.sleep(Int64(exactly: microseconds.rounded(.towardZero)) ?? 0)
        call.reply.ok()
    }

    @Sendable
    private static func stringMatch(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.integer(globMatches(pattern: arguments[2], string: arguments[3]))
    }
}
