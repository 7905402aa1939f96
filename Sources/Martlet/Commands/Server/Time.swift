// TIME

enum TimeCommand {
    static let spec = CommandSpec(
        "time", summary: "Returns the server's time of day.", since: "2.6.0", group: .server, complexity: "O(1)",
        arity: 1, flags: [.loading, .stale, .fast], tips: ["nondeterministic_output"], handler: run)

    /// Replies with the seconds since 1970 and the microseconds in the current one.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let now = call.server.clock.wallMicroseconds()
        call.reply.array(2)
        call.reply.bulk(now / 1_000_000)
        call.reply.bulk(now % 1_000_000)
    }
}
