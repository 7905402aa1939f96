// The string family, in alphabetical order.

enum StringCommands {
    static let all: [CommandSpec] = [
        GetCommand.spec,
        SetCommand.spec,
    ]
}
