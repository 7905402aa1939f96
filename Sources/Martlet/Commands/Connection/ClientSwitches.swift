// CLIENT NO-EVICT ON | OFF
// CLIENT NO-TOUCH ON | OFF

enum ClientSwitches {
    static let noEvict = CommandSpec(
        "no-evict", summary: "Protects this connection when clients take too much memory.", since: "7.0.0",
        group: .connection, complexity: "O(1)", arity: 3, flags: [.admin, .noScript, .loading, .stale, .sentinel],
        categories: .connection, arguments: [onOrOff],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            call.session.isSafeFromEviction = try isOn(arguments)
            call.reply.ok()
        })

    static let noTouch = CommandSpec(
        "no-touch", summary: "Chooses whether this connection's commands count as uses of keys.", since: "7.2.0",
        group: .connection, complexity: "O(1)", arity: 3, flags: [.noScript, .loading, .stale],
        categories: .connection, arguments: [onOrOff],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            call.session.leavesTraces = try !isOn(arguments)
            call.keyspace.leavesTraces = call.session.leavesTraces
            call.reply.ok()
        })

    private static let onOrOff = ArgumentSpec.oneOf("enabled", [], [.token("ON"), .token("OFF")])

    private static func isOn(_ arguments: borrowing Arguments) throws(ReplyError) -> Bool {
        if arguments.matches(2, "ON") { return true }
        guard arguments.matches(2, "OFF") else { throw .syntax }
        return false
    }
}
