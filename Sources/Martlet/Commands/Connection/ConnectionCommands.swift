// The connection family, in alphabetical order.

enum ConnectionCommands {
    static let all: [CommandSpec] = [
        AuthCommand.spec,
        ClientCommand.spec,
        EchoCommand.spec,
        HelloCommand.spec,
        PingCommand.spec,
        QuitCommand.spec,
        ResetCommand.spec,
        SelectCommand.spec,
    ]
}
