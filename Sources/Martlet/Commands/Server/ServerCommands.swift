// The server family, in alphabetical order.

enum ServerCommands {
    static let all: [CommandSpec] = [
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
        MemoryCommand.spec,
        MonitorCommand.spec,
        SaveCommand.spec,
        ShutdownCommand.spec,
        SlowlogCommand.spec,
        SwapDBCommand.spec,
        TimeCommand.spec,
    ]
}
