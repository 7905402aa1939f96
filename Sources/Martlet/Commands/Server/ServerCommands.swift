// The server family, in alphabetical order.

enum ServerCommands {
    static let all: [CommandSpec] = [
        ACLCommand.spec,
        SaveCommand.rewriteSpec,
        SaveCommand.backgroundSpec,
        CommandCommand.spec,
        ConfigCommand.spec,
        DBSizeCommand.spec,
        DebugCommand.spec,
        FlushCommand.allSpec,
        FlushCommand.databaseSpec,
        InfoCommand.spec,
        SaveCommand.lastSpec,
        LatencyCommand.spec,
        LolwutCommand.spec,
        MemoryCommand.spec,
        ModuleCommand.spec,
        MonitorCommand.spec,
        RoleCommand.spec,
        SaveCommand.spec,
        ShutdownCommand.spec,
        SlowlogCommand.spec,
        SwapDBCommand.spec,
        TimeCommand.spec,
    ]
}
