// CLIENT TRACKING (ON | OFF) [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
// CLIENT CACHING (YES | NO)      CLIENT GETREDIR      CLIENT TRACKINGINFO

enum ClientTrackingCommand {
    static let spec = CommandSpec(
        "tracking", summary: "Tells this connection when keys that it has read change.", since: "6.0.0",
        group: .connection, complexity: "O(1). Some options may introduce additional complexity.", arity: -3,
        flags: flags, categories: .connection,
        arguments: [
            .oneOf("status", [], [.token("ON"), .token("OFF")]),
            ArgumentSpec("client-id", .integer, token: "REDIRECT", .optional),
            ArgumentSpec("prefix", .string, token: "PREFIX", [.optional, .multiple, .multipleToken]),
            .token("BCAST", .optional), .token("OPTIN", .optional), .token("OPTOUT", .optional),
            .token("NOLOOP", .optional),
        ], handler: track)

    static let cachingSpec = CommandSpec(
        "caching", summary: "Chooses whether the next command's keys are remembered.", since: "6.0.0",
        group: .connection, complexity: "O(1)", arity: 3, flags: flags, categories: .connection,
        arguments: [.oneOf("mode", [], [.token("YES"), .token("NO")])], handler: caching)

    static let redirectSpec = CommandSpec(
        "getredir", summary: "Returns the connection that gets the messages of tracking.", since: "6.0.0",
        group: .connection, complexity: "O(1)", arity: 2, flags: flags, categories: .connection,
        handler: { (call: inout CommandCall, _) throws(ReplyError) in
            call.reply.integer(call.session.tracking.map { $0.redirect ?? 0 } ?? -1)
        })

    static let infoSpec = CommandSpec(
        "trackinginfo", summary: "Shows how this connection's reads are tracked.", since: "6.2.0", group: .connection,
        complexity: "O(1)", arity: 2, flags: flags, categories: .connection, handler: info)

    private static let flags: CommandFlags = [.noScript, .loading, .stale, .sentinel]

    // MARK: TRACKING

    private struct Options {
        var redirect: Int64?
        var prefixes: [[UInt8]] = []
        var isBroadcast = false
        var isOptIn = false
        var isOptOut = false
        var skipsOwnChanges = false

        var tracking: Tracking {
            let mode: Tracking.Mode =
                isBroadcast ? .broadcast(prefixes: prefixes) : isOptIn ? .optIn : isOptOut ? .optOut : .normal
            return Tracking(mode: mode, redirect: redirect, skipsOwnChanges: skipsOwnChanges)
        }
    }

    @Sendable
    private static func track(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let options = try read(arguments, in: call.server)
        if arguments.matches(2, "ON") {
            try check(options, against: call.session.tracking)
            call.server.tracking.enable(options.tracking, for: call.session)
        } else if arguments.matches(2, "OFF") {
            call.server.tracking.disable(call.session)
        } else {
            throw .syntax
        }
        call.server.updateWantedTouches()
        call.reply.ok()
    }

    private static func read(_ arguments: borrowing Arguments, in server: ServerContext) throws(ReplyError) -> Options {
        var options = Options()
        var index = 3
        while index < arguments.count {
            let hasMore = index + 1 < arguments.count
            if hasMore, arguments.matches(index, "REDIRECT") {
                index += 1
                guard options.redirect == nil else {
                    throw ReplyError("ERR A client can only redirect to a single other client")
                }
                let id = try arguments.integer(index, orThrow: .notInteger)
                guard server.clients[id] != nil else {
                    throw ReplyError("ERR The client ID you want redirect to does not exist")
                }
                options.redirect = id
            } else if hasMore, arguments.matches(index, "PREFIX") {
                index += 1
                options.prefixes.append(arguments[index].copied())
            } else if arguments.matches(index, "BCAST") {
                options.isBroadcast = true
            } else if arguments.matches(index, "OPTIN") {
                options.isOptIn = true
            } else if arguments.matches(index, "OPTOUT") {
                options.isOptOut = true
            } else if arguments.matches(index, "NOLOOP") {
                options.skipsOwnChanges = true
            } else {
                throw .syntax
            }
            index += 1
        }
        return options
    }

    private static let advice =
        "before disabling tracking for this client, and then re-enabling it with a different mode."

    private static func check(_ options: Options, against current: Tracking?) throws(ReplyError) {
        if !options.prefixes.isEmpty, !options.isBroadcast {
            throw ReplyError("ERR PREFIX option requires BCAST mode to be enabled")
        }
        if let current, current.isBroadcast != options.isBroadcast {
            throw ReplyError("ERR You can't switch BCAST mode on/off \(advice)")
        }
        if options.isBroadcast, options.isOptIn || options.isOptOut {
            throw ReplyError("ERR OPTIN and OPTOUT are not compatible with BCAST")
        }
        if options.isOptIn, options.isOptOut {
            throw ReplyError("ERR You can't specify both OPTIN mode and OPTOUT mode")
        }
        if (options.isOptIn && current?.mode == .optOut) || (options.isOptOut && current?.mode == .optIn) {
            throw ReplyError("ERR You can't switch OPTIN/OPTOUT mode \(advice)")
        }
        try checkOverlaps(options.prefixes, with: current?.prefixes ?? [])
    }

    /// A client that hears of a key twice would have to sort that out itself.
    private static func checkOverlaps(_ prefixes: [[UInt8]], with existing: [[UInt8]]) throws(ReplyError) {
        let ending = "Prefixes for a single client must not overlap."
        for (index, prefix) in prefixes.enumerated() {
            for other in existing where overlap(prefix, other) {
                throw ReplyError(
                    "ERR Prefix '\(text(prefix))' overlaps with an existing prefix '\(text(other))'. \(ending)")
            }
            for other in prefixes[(index + 1)...] where overlap(prefix, other) {
                throw ReplyError(
                    "ERR Prefix '\(text(prefix))' overlaps with another provided prefix '\(text(other))'. \(ending)")
            }
        }
    }

    private static func overlap(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.starts(with: other) || other.starts(with: one)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: The others

    @Sendable
    private static func caching(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let mode = call.session.tracking?.mode else {
            throw ReplyError(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT "
                    + "mode enabled")
        }
        if arguments.matches(2, "YES") {
            guard mode == .optIn else {
                throw ReplyError("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
            }
        } else if arguments.matches(2, "NO") {
            guard mode == .optOut else {
                throw ReplyError("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
            }
        } else {
            throw .syntax
        }
        call.session.tracking?.isCachingChosen = true
        call.reply.ok()
    }

    @Sendable
    private static func info(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let tracking = call.session.tracking
        call.reply.map(3)
        call.reply.bulk("flags")
        let names = tracking.map(flagNames) ?? ["off"]
        call.reply.set(names.count)
        for name in names { call.reply.bulk(name) }
        call.reply.bulk("redirect")
        call.reply.integer(tracking.map { $0.redirect ?? 0 } ?? -1)
        call.reply.bulk("prefixes")
        let prefixes = tracking?.prefixes ?? []
        call.reply.array(prefixes.count)
        for prefix in prefixes { call.reply.bulk(prefix.span) }
    }

    private static func flagNames(_ tracking: Tracking) -> [String] {
        var names = ["on"]
        switch tracking.mode {
        case .normal: break
        case .broadcast: names.append("bcast")
        case .optIn: names += tracking.isCachingChosen ? ["optin", "caching-yes"] : ["optin"]
        case .optOut: names += tracking.isCachingChosen ? ["optout", "caching-no"] : ["optout"]
        }
        if tracking.skipsOwnChanges { names.append("noloop") }
        if tracking.isRedirectBroken { names.append("broken_redirect") }
        return names
    }
}
