// The server family, in alphabetical order.

enum ServerCommands {
    static let all: [CommandSpec] = [
        DBSizeCommand.spec,
        DebugCommand.spec,
        FlushCommand.allSpec,
        FlushCommand.databaseSpec,
        SwapDBCommand.spec,
    ]
}
