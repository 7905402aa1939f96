// The server family, in alphabetical order.

enum ServerCommands {
    static let all: [CommandSpec] = [
        CommandCommand.spec,
        ConfigCommand.spec,
        DBSizeCommand.spec,
        DebugCommand.spec,
        FlushCommand.allSpec,
        FlushCommand.databaseSpec,
        InfoCommand.spec,
        MemoryCommand.spec,
        ShutdownCommand.spec,
        SwapDBCommand.spec,
        TimeCommand.spec,
    ]
}
