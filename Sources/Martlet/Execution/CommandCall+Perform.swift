// Running a command that has passed all gates: from the executor, or from EXEC's queue.

extension CommandCall {
    /// Runs the handler of `id`; an error that it throws becomes the reply. Then tells what changed.
    mutating func perform(_ id: CommandID, _ arguments: borrowing Arguments) {
        command = id
        server.statistics.value.commandsProcessed += 1
        server.commands[id].calls += 1
        guard let handler = server.commands[id].handler else { return }
        let mark = reply.buffer.mark()
        do {
            try handler(&self, arguments)
        } catch {
            server.commands[id].failedCalls += 1
            reply.buffer.rewind(to: mark)
            server.statistics.value.count(error)
            reply.error(error)
        }
        if !keyspace.journal.isEmpty { server.publishChanges(by: session) }
    }
}
