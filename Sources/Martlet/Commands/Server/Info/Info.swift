// INFO [section [section ...]]

enum InfoCommand {
    static let spec = CommandSpec(
        "info", summary: "Tells how the server is.", since: "1.0.0", group: .server, complexity: "O(1)", arity: -1,
        flags: [.loading, .stale, .sentinel], categories: .dangerous,
        tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        history: [.init("7.0.0", "Takes several sections.")],
        arguments: [ArgumentSpec("section", .string, [.optional, .multiple])], handler: run)

    /// Replies with the sections asked for, each once, in their own order. `default` and no argument mean the usual
    /// ones, `all` and `everything` mean all, and unknown names mean nothing.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var names: Set<String> = arguments.count == 1 ? ["default"] : []
        for index in 1..<arguments.count { names.insert(arguments.text(index).lowercased()) }
        let wantsAll = names.contains("all") || names.contains("everything")
        let wantsUsual = names.contains("default")
        var report = InfoReport()
        for section in InfoSection.all
        where wantsAll || (wantsUsual && section.isUsual) || names.contains(section.title.lowercased()) {
            report.begin(section.title)
            section.write(&report, call.server)
        }
        call.reply.verbatim(report.text)
    }
}
