// What a client has queued since MULTI.

final class Transaction {
    private var requests = RequestQueue()
    private(set) var commands: [CommandID] = []
    /// What its commands may do, all together.
    private(set) var flags: CommandFlags = []
    /// A request could not be queued: EXEC will refuse.
    var isAborted = false

    var count: Int { commands.count }
    var memoryBytes: Int { requests.memoryBytes + commands.capacity * MemoryLayout<CommandID>.stride }

    /// Queues a request that has passed all gates.
    func append(_ id: CommandID, _ flags: CommandFlags, _ arguments: borrowing Arguments) {
        requests.append(arguments)
        commands.append(id)
        self.flags.formUnion(flags)
    }

    /// Runs the queued requests one after the other, once.
    func run(_ call: inout CommandCall) {
        call.server.isInTransaction = true
        drain { id, arguments in
            // What it may do can have changed since, or changes on the way.
            if call.session.isRestricted,
                let refusal = call.server.accessRefusal(of: id, arguments, call.session, isQueued: true)
            {
                call.server.commands[id].rejectedCalls += 1
                call.server.statistics.value.count(refusal)
                call.reply.error(refusal)
            } else {
                call.perform(id, arguments)
            }
        }
        call.server.isInTransaction = false
    }

    /// Hands over the queued requests in their order, once.
    func drain(_ body: (CommandID, borrowing Arguments) -> Void) {
        requests.drain { batch, bytes in
            for index in 0..<commands.count { body(commands[index], batch.arguments(index, in: bytes)) }
        }
    }
}
