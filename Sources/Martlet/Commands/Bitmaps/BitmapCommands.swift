// The bitmap family, in alphabetical order.

enum BitmapCommands {
    static let all: [CommandSpec] = []
}
