// LOLWUT [VERSION version] [columns] [rows]

enum LolwutCommand {
    static let spec = CommandSpec(
        "lolwut", summary: "Draws a flock of martlets, and tells the version.", since: "5.0.0", group: .server,
        complexity: "O(N) where N is the number of characters drawn", arity: -1, flags: [.readonly, .fast],
        arguments: [ArgumentSpec("version", .integer, token: "VERSION", .optional)], handler: run)

    private static let mostColumns: Int64 = 200
    private static let mostRows: Int64 = 60
    /// From near to far.
    private static let birds = [["__   __", "  \\v/  "], ["-. .-", "  v  "], ["\\v/"], ["v"]]

    /// Replies with a text; whatever version is asked for, the drawing is the same kind.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var first = 1
        if arguments.count > 2, arguments.matches(1, "VERSION") {
            first = 3
        }
        // What is no number stands for the usual size.
        let columns = arguments.count > first ? parseInt64(arguments[first]) ?? 66 : 66
        let rows = arguments.count > first + 1 ? parseInt64(arguments[first + 1]) ?? 14 : 14
        // Dice of its own: a drawing must not change what the server does next.
        var dice = SeededRandom(seed: UInt64(bitPattern: call.server.clock.wallMicroseconds()))
        let sky = sky(
            columns: Int(min(max(columns, 8), mostColumns)), rows: Int(min(max(rows, 2), mostRows)), &dice)
        call.reply.verbatim(
            sky.map { $0 + "\n" }.joined() + "\nA martlet never lands. Redis ver. \(ServerVersion.redis), Martlet "
                + "\(ServerVersion.martlet)\n")
    }

    private static func sky(columns: Int, rows: Int, _ dice: inout SeededRandom) -> [String] {
        var sky = [[Character]](repeating: [Character](repeating: " ", count: columns), count: rows)
        for _ in 0..<(2 + columns * rows / 80) {
            let bird = birds[dice.below(birds.count)]
            let width = bird[0].count
            guard width <= columns, bird.count <= rows else { continue }
            let (column, row) = (dice.below(columns - width + 1), dice.below(rows - bird.count + 1))
            for (line, feathers) in bird.enumerated() {
                for (offset, feather) in feathers.enumerated() where feather != " " {
                    sky[row + line][column + offset] = feather
                }
            }
        }
        return sky.map { line in
            var text = String(line)
            while text.last == " " { text.removeLast() }
            return text
        }
    }
}
