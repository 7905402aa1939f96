// From a parsed request to its reply: all refusals in their order, then the handler.

struct Executor: ~Copyable {
    let server: ServerContext
    /// Replies up to this size in one batch are not looked at before its end.
    private static let uncheckedReplyBytes = 1 << 20
    private var lookAhead = LookAhead()
    /// The top-level commands of the batch, -1 for unknown names.
    private var found = GrowableArray<Int32>(capacity: 64)

    init(server: ServerContext) { self.server = server }

    /// Executes the requests of `batch`, which were parsed from `bytes`, and returns how many were executed: fewer than
    /// all when the session closes or begins to wait on the way.
    mutating func execute(
        _ batch: borrowing RequestBatch, bytes: ByteSpan, session: Session, reply: inout ReplyWriter
    ) -> Int {
        server.refreshTime()
        find(batch, bytes: bytes)
        prefetch(batch, bytes: bytes, session: session)
        var call = CommandCall(
            server: server, session: session, reply: ReplyWriter(buffer: ReplyBuffer(), version: session.version))
        swap(&call.reply, &reply)
        server.keyspace.value.leavesTraces = session.leavesTraces
        session.isExecuting = true
        defer { session.isExecuting = false }
        // What it was sent before stands ahead of its replies.
        takeMessages(&call)
        var executed = 0
        while executed < batch.count, !session.closesAfterReplies, !session.isBlocked {
            let command = found[executed] < 0 ? nil : CommandID(index: Int(found[executed]))
            if session.replyMode == .on {
                run(command, batch.arguments(executed, in: bytes), &call)
            } else {
                runSilently(command, batch.arguments(executed, in: bytes), &call)
            }
            // It is tried again when the pause is over.
            if session.isPostponed { break }
            takeMessages(&call)
            executed += 1
            if call.reply.buffer.isOverflown { session.closesAfterReplies = true }
            // Many requests for much may stand in one batch.
            let replyCount = call.reply.buffer.count
            if replyCount > Self.uncheckedReplyBytes, let transport = session.transport,
                !transport.takesReplies(of: replyCount)
            {
                session.closesAfterReplies = true
            }
        }
        swap(&call.reply, &reply)
        return executed
    }

    private mutating func find(_ batch: borrowing RequestBatch, bytes: ByteSpan) {
        found.removeAll(keeping: 1024)
        for index in 0..<batch.count {
            if index > 0, batch.repeatsName(index, in: bytes) {
                // Most pipelines repeat one command.
                found.append(found[index - 1])
            } else {
                let name = batch.arguments(index, in: bytes)[0]
                // The table has far fewer entries than an Int32 has values.
                found.append(server.commands.find(name).map { Int32($0.index) } ?? -1)
            }
        }
    }

    private func run(_ command: CommandID?, _ arguments: borrowing Arguments, _ call: inout CommandCall) {
        // One that is tried again has been let through before.
        let isRetried = call.session.isPostponed
        call.session.isPostponed = false
        if let interceptor = server.interceptor, !call.session.isUnseen, !isRetried {
            run(command, arguments, by: interceptor, &call)
        } else {
            obey(command, arguments, &call)
        }
    }

    func obey(_ command: CommandID?, _ arguments: borrowing Arguments, _ call: inout CommandCall) {
        guard let id = resolve(command, arguments, &call) else { return }
        call.session.lastCommand = id
        if isPostponed(id, call.session) { return server.blocked.postpone(call.session) }
        defer { forgetCachingChoice(behind: id, call.session) }
        if let transaction = call.session.transaction, !server.commands[id].runsInsideMulti {
            transaction.append(id, server.commands[id].flags, arguments)
            call.reply.simple("QUEUED")
        } else {
            call.perform(id, arguments)
        }
    }

    /// What the session has been sent so far comes next.
    @inline(__always)
    private func takeMessages(_ call: inout CommandCall) {
        if call.session.isSubscriber { server.pubSub.deliver() }
        if let pushes = call.session.takePushes() { deliver(pushes.span, &call) }
    }

    /// Sends the messages that have waited for the end of the command.
    private func deliver(_ pushes: ByteSpan, _ call: inout CommandCall) {
        if let transport = call.session.transport, !transport.mixesPushesWithReplies {
            transport.push(pushes)
        } else {
            call.reply.raw(pushes)
        }
    }

    /// CLIENT CACHING is about the next command, or the transaction that begins with it.
    private func forgetCachingChoice(behind id: CommandID, _ session: Session) {
        guard session.tracking?.isCachingChosen ?? false, session.transaction == nil,
            server.commands[id].parent.map({ server.commands[$0].fullName != "client" }) ?? true
        else { return }
        session.tracking?.isCachingChosen = false
    }

    /// As CLIENT REPLY chose. What is no reply is sent all the same.
    private func runSilently(_ command: CommandID?, _ arguments: borrowing Arguments, _ call: inout CommandCall) {
        let mode = call.session.replyMode
        if mode == .skipNext { call.session.replyMode = .skip }
        let mark = call.reply.buffer.mark()
        run(command, arguments, &call)
        if call.session.isPostponed { call.session.replyMode = mode }
        guard call.session.replyMode != .on, !call.session.isPostponed else { return }
        call.reply.buffer.rewind(to: mark)
        if call.session.replyMode == .skip { call.session.replyMode = .on }
    }

    /// The gates. Nil: the request was refused and answered.
    private func resolve(
        _ command: CommandID?, _ arguments: borrowing Arguments, _ call: inout CommandCall
    ) -> CommandID? {
        guard var id = command else {
            if Self.isHTTP(arguments[0]) {
                hangUp(on: call.session)
            } else {
                refuse(Self.unknownCommand(arguments), &call)
            }
            return nil
        }
        if !server.commands[id].subcommands.isEmpty, arguments.count > 1 {
            guard let subcommand = server.commands.find(arguments[1], under: id) else {
                refuse(.unknownSubcommand(arguments[1], of: server.commands[id].fullName), &call)
                return nil
            }
            id = subcommand
        }
        guard server.commands[id].accepts(wordCount: arguments.count) else {
            return reject(id, .wrongArity(server.commands[id].fullName), &call)
        }
        if server.commands[id].flags.contains(.protected), let refusal = protectionRefusal(id, call.session) {
            return reject(id, refusal, &call)
        }
        if !call.session.isAuthenticated, !server.commands[id].flags.contains(.noAuth) {
            return reject(id, .noAuthentication, &call)
        }
        if call.session.isRestricted, let refusal = server.accessRefusal(of: id, arguments, call.session) {
            return reject(id, refusal, &call)
        }
        if server.configuration.value.maxmemory > 0, isShortOfMemory(for: id, call.session) {
            return reject(id, .outOfMemory, &call)
        }
        if let refusal = server.writeRefusal, effectiveFlags(of: id, call.session).contains(.write) {
            return reject(id, refusal, &call)
        }
        if call.session.version == .resp2, call.session.isSubscriber,
            !server.commands[id].isAllowedToSubscribers
        {
            return reject(id, .onlySubscriptions(server.commands[id].fullName), &call)
        }
        if server.isLoading, !server.commands[id].flags.contains(.loading) { return reject(id, .loading, &call) }
        if call.session.transaction != nil, server.commands[id].flags.contains(.noMulti) {
            return reject(id, ReplyError("ERR Command not allowed inside a transaction"), &call)
        }
        return id
    }

    /// What a command may do; EXEC may do what was queued.
    private func effectiveFlags(of id: CommandID, _ session: Session) -> CommandFlags {
        let flags = server.commands[id].flags
        guard server.commands[id].endsTransaction, let transaction = session.transaction else { return flags }
        return flags.union(transaction.flags)
    }

    /// Whether the command has to wait for the end of a pause. A look inside never does.
    private func isPostponed(_ id: CommandID, _ session: Session) -> Bool {
        guard server.pause.value.isActive, !session.isUnseen else { return false }
        return server.pause.value.postpones(effectiveFlags(of: id, session))
    }

    /// Makes room for a command. What is queued takes memory, too, whatever it is.
    private func isShortOfMemory(for id: CommandID, _ session: Session) -> Bool {
        guard server.makeRoom() == .none else { return false }
        let isQueued = session.transaction != nil && !server.commands[id].runsInsideMulti
        return isQueued || effectiveFlags(of: id, session).contains(.denyOOM)
    }

    private func reject(_ id: CommandID, _ error: ReplyError, _ call: inout CommandCall) -> CommandID? {
        server.commands[id].rejectedCalls += 1
        if server.commands[id].endsTransaction {
            // A client that sends EXEC must hear that the transaction is over.
            call.session.transaction = nil
            server.watches.unwatchAll(call.session)
            refuse(.execAborted(by: error), &call)
        } else {
            refuse(error, &call)
        }
        return nil
    }

    func refuse(_ error: ReplyError, _ call: inout CommandCall) {
        call.session.transaction?.isAborted = true
        server.statistics.value.count(error)
        call.reply.error(error)
    }

    /// DEBUG is for those whom the configuration lets in.
    private func protectionRefusal(_ id: CommandID, _ session: Session) -> ReplyError? {
        switch server.configuration.value.enableDebugCommand {
        case .yes: return nil
        case .local where session.transport?.isLocal ?? true: return nil
        case .local, .no:
            return ReplyError(
                "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
                    + "you can run it from a local connection, otherwise you need to set this option in the "
                    + "configuration file, and then restart the server.")
        }
    }

    /// A browser made to talk to the server sends these; a page must not get to smuggle commands behind them.
    private static func isHTTP(_ name: ByteSpan) -> Bool {
        name.equalsIgnoringCase("post") || name.equalsIgnoringCase("host:")
    }

    private func hangUp(on session: Session) {
        session.closesAfterReplies = true
        server.log.write(
            .warning,
            "Possible SECURITY ATTACK detected: a client sends POST or Host: as HTTP does, perhaps a web page's "
                + "Cross Protocol Scripting. Connection aborted.")
    }

    // MARK: Texts

    private static func unknownCommand(_ arguments: borrowing Arguments) -> ReplyError {
        let limit = 128
        var shown: [UInt8] = []
        for index in 1..<max(1, arguments.count) where shown.count < limit {
            shown += Array("'".utf8) + ReplyError.quotable(arguments[index], limit: limit - shown.count)
            shown += Array("' ".utf8)
        }
        let name = ReplyError.quotable(arguments[0], limit: limit)
        return ReplyError(
            bytes: "ERR unknown command '".utf8 + name + "', with args beginning with: ".utf8 + shown)
    }

    // MARK: Reading ahead

    /// With many requests at hand, asks for what all their first keys lead to ahead of use.
    private mutating func prefetch(_ batch: borrowing RequestBatch, bytes: ByteSpan, session: Session) {
        let database = session.database
        guard batch.count > 1, server.keyspace.value.databases[database].count > LookAhead.worthwhileCount else {
            return
        }
        lookAhead.begin()
        for index in 0..<batch.count {
            guard found[index] >= 0 else { continue }
            let firstKey = server.commands[CommandID(index: Int(found[index]))].firstKey
            let arguments = batch.arguments(index, in: bytes)
            guard firstKey > 0, firstKey < arguments.count else { continue }
            lookAhead.add(arguments[firstKey], in: server.keyspace.value.databases[database])
        }
        lookAhead.prefetchRecords(server.keyspace.value.databases[database])
    }
}
