// SWAPDB index1 index2

enum SwapDBCommand {
    static let spec = CommandSpec(
        "swapdb", summary: "Exchanges the contents of two databases.", since: "4.0.0", group: .server,
        complexity: "O(N) for N clients that watch or wait for keys of either", arity: 3, flags: [.write, .fast],
        categories: [.keyspace, .dangerous],
        arguments: [ArgumentSpec("index1", .integer), ArgumentSpec("index2", .integer)], handler: run)

    /// Clients stay in the database of the number that they selected and see the other's keys there.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let first = try arguments.int32(1, orThrow: ReplyError("ERR invalid first DB index"))
        let second = try arguments.int32(2, orThrow: ReplyError("ERR invalid second DB index"))
        guard call.keyspace.hasDatabase(first), call.keyspace.hasDatabase(second) else {
            throw .databaseIndexOutOfRange
        }
        call.keyspace.swapDatabases(first, second)
        call.keyspace.dirty += 1
        call.reply.ok()
    }
}
