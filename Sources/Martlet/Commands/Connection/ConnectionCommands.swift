// The connection family, in alphabetical order.

enum ConnectionCommands {
    static let all: [CommandSpec] = [
        PingCommand.spec,
    ]
}
