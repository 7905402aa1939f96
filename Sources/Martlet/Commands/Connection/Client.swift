// CLIENT and its subcommands about one connection: ID, GETNAME, SETNAME, SETINFO, UNBLOCK, HELP. The listings are in
// ClientList.swift.

enum ClientCommand {
    static let spec = CommandSpec(
        "client", summary: "Groups the commands about client connections.", since: "2.4.0", group: .connection,
        complexity: "Depends on subcommand.", arity: -2, flags: .sentinel,
        subcommands: [
            ClientTrackingCommand.cachingSpec,
            subcommand("getname", summary: "Returns the connection's name.", since: "2.6.9", arity: 2, getName),
            ClientTrackingCommand.redirectSpec,
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "5.0.0", group: .connection,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale, .sentinel], categories: .connection,
                handler: help),
            subcommand("id", summary: "Returns the connection's number.", since: "5.0.0", arity: 2, id),
            ClientListCommand.infoSpec,
            ClientKillCommand.spec,
            ClientListCommand.spec,
            ClientSwitches.noEvict,
            ClientSwitches.noTouch,
            ClientPauseCommand.spec,
            subcommand(
                "reply", summary: "Chooses whether commands get replies.", since: "3.2.0", arity: 3,
                arguments: [.oneOf("on_off_skip", [], [.token("ON"), .token("OFF"), .token("SKIP")])], reply),
            CommandSpec(
                "setinfo", summary: "Tells which library the client uses.", since: "7.2.0", group: .connection,
                complexity: "O(1)", arity: 4, flags: [.noScript, .loading, .stale, .sentinel], categories: .connection,
                tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                arguments: [
                    .oneOf(
                        "attr", [],
                        [
                            ArgumentSpec("libname", .string, token: "LIB-NAME"),
                            ArgumentSpec("libver", .string, token: "LIB-VER"),
                        ])
                ], handler: setInfo),
            subcommand(
                "setname", summary: "Names the connection.", since: "2.6.9", arity: 3,
                arguments: [ArgumentSpec("connection-name", .string)], setName),
            ClientTrackingCommand.spec,
            ClientTrackingCommand.infoSpec,
            CommandSpec(
                "unblock", summary: "Ends the waiting of another connection.", since: "5.0.0", group: .connection,
                complexity: "O(log N) where N is the number of client connections", arity: -3,
                flags: [.admin, .noScript, .loading, .stale], categories: .connection,
                arguments: [
                    ArgumentSpec("client-id", .integer),
                    .oneOf("timeout_error", .optional, [.token("TIMEOUT"), .token("ERROR")]),
                ], handler: unblock),
            ClientPauseCommand.endSpec,
        ])

    private static func subcommand(
        _ name: String, summary: String, since: String, arity: Int, arguments: [ArgumentSpec] = [],
        _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .connection, complexity: "O(1)", arity: arity,
            flags: [.noScript, .loading, .stale, .sentinel], categories: .connection, arguments: arguments,
            handler: handler)
    }

    /// Replies with the connection's number, which no other connection ever gets.
    @Sendable
    private static func id(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.integer(call.session.id)
    }

    /// Replies with the name, or null.
    @Sendable
    private static func getName(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        if call.session.name.isEmpty { call.reply.null() } else { call.reply.bulk(call.session.name) }
    }

    /// Replies OK.
    @Sendable
    private static func setName(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.session.name = try ClientAttribute.name(arguments, at: 2)
        call.reply.ok()
    }

    /// Replies OK.
    @Sendable
    private static func setInfo(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let isName = arguments.matches(2, "LIB-NAME")
        guard isName || arguments.matches(2, "LIB-VER") else {
            throw ReplyError("ERR Unrecognized option '", quoting: arguments[2], "'")
        }
        guard ClientAttribute.isPrintable(arguments[3]) else {
            throw ReplyError(
                "ERR \(arguments.text(2)) cannot contain spaces, newlines or special characters.")
        }
        if isName {
            call.session.libraryName = arguments.text(3)
        } else {
            call.session.libraryVersion = arguments.text(3)
        }
        call.reply.ok()
    }

    /// ON replies OK, the others nothing.
    @Sendable
    private static func reply(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        if arguments.matches(2, "ON") {
            call.session.replyMode = .on
            call.reply.ok()
        } else if arguments.matches(2, "OFF") {
            call.session.replyMode = .off
        } else if arguments.matches(2, "SKIP") {
            if call.session.replyMode != .off { call.session.replyMode = .skipNext }
        } else {
            throw .syntax
        }
    }

    /// Replies whether that connection waited.
    @Sendable
    private static func unblock(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var end = WaitEnd.timeout
        if arguments.count > 3 {
            guard arguments.count == 4 else { throw .wrongSubcommandArity(arguments[1], of: "CLIENT") }
            if arguments.matches(3, "ERROR") {
                end = .error(.unblocked)
            } else if !arguments.matches(3, "TIMEOUT") {
                throw ReplyError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
        }
        guard let session = call.server.clients[try arguments.integer(2)] else { return call.reply.integer(0) }
        let savedOffset = call.server.services.savedOffset()
        call.reply.integer(call.server.blocked.unblock(session, by: end, savedOffset: savedOffset))
    }

    @Sendable
    private static func help(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply(
            help: [
                HelpEntry("CACHING (YES|NO)", "Let the next command's keys be remembered, or not."),
                HelpEntry("GETNAME", "The name of this connection."),
                HelpEntry("GETREDIR", "The connection that hears of changed keys instead of this one."),
                HelpEntry("ID", "The number of this connection."),
                HelpEntry("INFO", "This connection's line of CLIENT LIST."),
                HelpEntry("KILL <ip:port>", "End the connection from this address."),
                HelpEntry(
                    "KILL <option> <value> [<option> <value> [...]]",
                    "End connections for which all of it holds; replies with how many. Options:",
                    "* ADDR (<ip:port>|<unixsocket>:0): whose other end is this.",
                    "* LADDR (<ip:port>|<unixsocket>:0): whose end here is this.",
                    "* TYPE (NORMAL|MASTER|REPLICA|PUBSUB): of this kind.",
                    "* USER <username>: of this user.", "* ID <id>: of this number.",
                    "* SKIPME (YES|NO): but for this one (the default), or with it."),
                HelpEntry(
                    "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <id> [<id> ...]]", "A line for each connection."),
                HelpEntry("NO-EVICT (ON|OFF)", "Keep this connection when clients take too much memory, or not."),
                HelpEntry("NO-TOUCH (ON|OFF)", "Let this connection's commands not count as uses of keys, or do."),
                HelpEntry(
                    "PAUSE <milliseconds> [WRITE|ALL]", "Let all commands wait, or those that may change something."),
                HelpEntry("REPLY (ON|OFF|SKIP)", "Choose whether commands, or the next one, get replies."),
                HelpEntry("SETINFO (LIB-NAME|LIB-VER) <value>", "Tell which library this connection uses."),
                HelpEntry("SETNAME <name>", "Give this connection a name; an empty one takes it away."),
                HelpEntry(
                    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]",
                    "Hear when keys that this connection has read change."),
                HelpEntry("TRACKINGINFO", "How this connection's reads are tracked."),
                HelpEntry("UNBLOCK <id> [TIMEOUT|ERROR]", "End the waiting of another connection."),
                HelpEntry("UNPAUSE", "End what PAUSE began."),
            ], of: "CLIENT")
    }
}
