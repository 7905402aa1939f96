// Running a command that has passed all gates: from the executor, or from EXEC's queue.

extension CommandCall {
    /// Runs the handler of `id`; an error that it throws becomes the reply. Then tells what changed.
    mutating func perform(_ id: CommandID, _ arguments: borrowing Arguments) {
        command = id
        server.statistics.value.commandsProcessed += 1
        guard let handler = server.commands[id].handler else { return }
        // A look inside leaves no trace in the figures.
        let isSeen = !session.isUnseen
        let began = isSeen ? beginTiming(id) : nil
        if began == nil { clockReading = nil }
        // A pause changes nothing but by what was begun before it.
        if server.pause.value.isActive {
            keyspace.keepsExpired = server.commands[id].flags.isDisjoint(with: .write)
        }
        let mark = reply.buffer.mark()
        let dirty = keyspace.dirty
        hasPropagated = false
        var hasFailed = false
        do {
            try handler(&self, arguments)
        } catch {
            hasFailed = true
            reply.buffer.rewind(to: mark)
            server.statistics.value.count(error)
            reply.error(error)
        }
        // What is asked for figures does not count itself, and what resets them does, as in Redis.
        if isSeen {
            server.commands[id].calls += 1
            if hasFailed { server.commands[id].failedCalls += 1 }
        }
        if keyspace.commandLog.isOn { log(arguments, hasChanges: keyspace.dirty != dirty) }
        if !keyspace.journal.isEmpty { server.publishChanges(by: session) }
        if session.tracking != nil { server.rememberReads(of: id, arguments, by: session) }
        if let began { took(id, arguments, since: began) }
        if isSeen, !server.monitors.isEmpty { showToMonitors(id, arguments) }
    }

    /// When the command began, if somebody wants to know how long it takes: the end of the one before, for reading the
    /// clock twice would cost more than many a command.
    private func beginTiming(_ id: CommandID) -> Int64? {
        guard
            server.timesCommands || server.commands[id].isNextTimed || !server.commands[id].flags.contains(.fast)
        else { return nil }
        return clockReading ?? server.clock.monotonicNanoseconds()
    }

    private mutating func took(_ id: CommandID, _ arguments: borrowing Arguments, since began: Int64) {
        let now = server.clock.monotonicNanoseconds()
        clockReading = now
        let nanoseconds = now - began
        server.commands[id].took(nanoseconds: nanoseconds, tracks: server.tracksLatencies)
        server.statistics.value.commandNanoseconds += nanoseconds
        if server.slowLog.wants(nanoseconds: nanoseconds) { keepAsSlow(id, arguments, nanoseconds) }
        guard server.latency.isOn else { return }
        server.noteRemovals()
        // A transaction's commands stand for themselves.
        guard !server.commands[id].endsTransaction else { return }
        let event = server.commands[id].flags.contains(.fast) ? LatencyEvent.fastCommand : .command
        server.latency.note(event, nanoseconds: nanoseconds, at: server.clock.wallSeconds())
    }

    /// A client that waits has not been served yet.
    private func keepAsSlow(_ id: CommandID, _ arguments: borrowing Arguments, _ nanoseconds: Int64) {
        guard !server.commands[id].flags.contains(.skipSlowlog), !session.isBlocked else { return }
        server.slowLog.add(
            words: SlowWords.kept(arguments, of: server.commands[id].fullName), nanoseconds: nanoseconds,
            time: server.clock.wallSeconds(), address: session.transport?.remoteAddress ?? "",
            clientName: session.name)
    }

    /// What administrators do is not shown.
    private func showToMonitors(_ id: CommandID, _ arguments: borrowing Arguments) {
        guard server.commands[id].flags.isDisjoint(with: [.admin, .skipMonitor]) else { return }
        server.monitors.show(
            SecretWords.redacted(arguments, of: server.commands[id].fullName), of: session,
            at: server.clock.wallMicroseconds())
    }
}
