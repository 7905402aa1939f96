// Running a command that has passed all gates: from the executor, or from EXEC's queue.

extension CommandCall {
    /// Runs the handler of `id`; an error that it throws becomes the reply. Then tells what changed.
    mutating func perform(_ id: CommandID, _ arguments: borrowing Arguments) {
        command = id
        server.statistics.value.commandsProcessed += 1
        guard let handler = server.commands[id].handler else { return }
        let isTimed = server.commands[id].isNextTimed || server.latency.isOn
        let began = isTimed ? server.clock.monotonicNanoseconds() : nil
        server.commands[id].calls += 1
        defer { if let began { took(id, nanoseconds: server.clock.monotonicNanoseconds() - began) } }
        let mark = reply.buffer.mark()
        let dirty = keyspace.dirty
        hasPropagated = false
        do {
            try handler(&self, arguments)
        } catch {
            server.commands[id].failedCalls += 1
            reply.buffer.rewind(to: mark)
            server.statistics.value.count(error)
            reply.error(error)
        }
        if keyspace.commandLog.isOn { log(arguments, hasChanges: keyspace.dirty != dirty) }
        if !keyspace.journal.isEmpty { server.publishChanges(by: session) }
        if session.tracking != nil { server.rememberReads(of: id, arguments, by: session) }
    }

    private func took(_ id: CommandID, nanoseconds: Int64) {
        server.commands[id].took(nanoseconds: nanoseconds)
        // A transaction's commands stand for themselves.
        guard server.latency.isOn, !server.commands[id].endsTransaction else { return }
        let event = server.commands[id].flags.contains(.fast) ? LatencyEvent.fastCommand : .command
        server.latency.note(event, nanoseconds: nanoseconds, at: server.clock.wallSeconds())
    }
}
