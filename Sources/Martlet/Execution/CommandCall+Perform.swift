// Running a command that has passed all gates: from the executor, or from EXEC's queue.

extension CommandCall {
    /// Runs the handler of `id`; an error that it throws becomes the reply. Then tells what changed.
    mutating func perform(_ id: CommandID, _ arguments: borrowing Arguments) {
        command = id
        server.statistics.value.commandsProcessed += 1
        guard let handler = server.commands[id].handler else { return }
        let began = server.commands[id].isNextTimed ? server.clock.monotonicNanoseconds() : nil
        server.commands[id].calls += 1
        defer { if let began { server.commands[id].took(nanoseconds: server.clock.monotonicNanoseconds() - began) } }
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
}
