// What a client has queued since MULTI.

final class Transaction {
    private var batch = RequestBatch()
    private var bytes = ByteBuffer()
    private(set) var commands: [CommandID] = []
    /// A request could not be queued: EXEC will refuse.
    var isAborted = false

    var count: Int { commands.count }
    var memoryBytes: Int { bytes.capacity + commands.count * 64 }

    /// Queues a request that has passed all gates; its words are copied, large ones kept as they are.
    func append(_ id: CommandID, _ arguments: borrowing Arguments) {
        for index in 0..<arguments.count {
            if let large = arguments.large(index) {
                batch.append(large: large)
            } else {
                batch.append(ArgumentSlice(offset: bytes.count, count: arguments[index].count))
                bytes.append(arguments[index])
            }
        }
        batch.finishRequest()
        commands.append(id)
    }

    /// Runs the queued requests one after the other, once.
    func run(_ call: inout CommandCall) {
        call.isInTransaction = true
        drain { id, arguments in
            if !call.session.closesAfterReplies { call.perform(id, arguments) }
        }
        call.isInTransaction = false
    }

    /// Hands over the queued requests in their order, once.
    func drain(_ body: (CommandID, borrowing Arguments) -> Void) {
        var requests = RequestBatch()
        var words = ByteBuffer()
        swap(&requests, &batch)
        swap(&words, &bytes)
        hand(requests, words.bytes, to: body)
    }

    private func hand(
        _ requests: borrowing RequestBatch, _ bytes: ByteSpan, to body: (CommandID, borrowing Arguments) -> Void
    ) {
        for index in 0..<commands.count { body(commands[index], requests.arguments(index, in: bytes)) }
    }
}
