// The generic key family, in alphabetical order.

enum KeyCommands {
    static let all: [CommandSpec] = []
}
