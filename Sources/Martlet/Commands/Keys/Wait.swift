// WAIT numreplicas timeout
// WAITAOF numlocal numreplicas timeout

enum WaitCommand {
    static let spec = CommandSpec(
        "wait", summary: "Waits until replicas have what this client wrote.", since: "3.0.0", group: .generic,
        complexity: "O(1)", arity: 3, flags: .noScript, categories: .connection,
        tips: ["request_policy:all_shards", "response_policy:agg_min"],
        arguments: [ArgumentSpec("numreplicas", .integer), ArgumentSpec("timeout", .integer)], handler: wait)

    static let appendOnlyFileSpec = CommandSpec(
        "waitaof", summary: "Waits until what this client wrote is on disk.", since: "7.2.0", group: .generic,
        complexity: "O(1)", arity: 4, flags: [.noScript, .blocking], categories: [.blocking, .connection],
        tips: ["request_policy:all_shards", "response_policy:agg_min"],
        arguments: [
            ArgumentSpec("numlocal", .integer), ArgumentSpec("numreplicas", .integer),
            ArgumentSpec("timeout", .integer),
        ], handler: waitAppendOnlyFile)

    /// Replies how many replicas have it: none, for there are none.
    @Sendable
    private static func wait(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let replicas = try arguments.integer(1)
        let timeout = try timeout(arguments, at: 2, now: call.now)
        guard replicas > 0 else { return call.reply.integer(0) }
        call.wait(for: .replicas, timeout: timeout)
    }

    /// Replies on how many disks it is: of this server, and of replicas.
    @Sendable
    private static func waitAppendOnlyFile(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        let local = try arguments.integer(1)
        guard 0...1 ~= local else { throw ReplyError("ERR value is out of range, value must between 0 and 1") }
        let replicas = try arguments.integer(2)
        guard replicas >= 0 else { throw ReplyError("ERR value is out of range, must be positive") }
        let timeout = try timeout(arguments, at: 3, now: call.now)
        if local > 0, call.server.services.savedOffset() == nil { throw .noAppendOnlyFile }
        call.wait(
            for: .appendOnlyFile(offset: call.session.logOffset, isLocal: local > 0, replicas: replicas),
            timeout: timeout)
    }

    /// In milliseconds; 0 is none.
    private static func timeout(
        _ arguments: borrowing Arguments, at index: Int, now: Int64
    ) throws(ReplyError) -> Int64 {
        let outOfRange = ReplyError("ERR timeout is out of range")
        let timeout = try arguments.integer(
            index, orThrow: ReplyError("ERR timeout is not an integer or out of range"))
        guard timeout >= 0 else { throw ReplyError("ERR timeout is negative") }
        guard !timeout.addingReportingOverflow(now).overflow else { throw outOfRange }
        return timeout
    }
}
