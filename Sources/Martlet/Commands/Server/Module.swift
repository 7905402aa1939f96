// MODULE LIST | HELP

enum ModuleCommand {
    static let spec = CommandSpec(
        "module", summary: "Groups the commands about modules.", since: "4.0.0", group: .server,
        complexity: "Depends on the subcommand", arity: -2,
        subcommands: [
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "5.0.0", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in
                    call.reply(
                        help: [HelpEntry("LIST", "The modules that are loaded: none, for they cannot be loaded here.")],
                        of: "MODULE")
                }),
            CommandSpec(
                "list", summary: "Returns the loaded modules.", since: "4.0.0", group: .server,
                complexity: "O(N) where N is the number of loaded modules.", arity: 2, flags: [.admin, .noScript],
                tips: ["nondeterministic_output_order"],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in call.reply.array(0) }),
        ])
}
