// The server family, in alphabetical order.

enum ServerCommands {
    static let all: [CommandSpec] = []
}
