// COMMAND GETKEYS command [argument ...], COMMAND GETKEYSANDFLAGS command [argument ...]

enum CommandKeys {
    /// Replies with the keys among the words.
    @Sendable
    static func keys(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let found = try find(arguments.words(from: 2), in: call.server)
        call.reply.array(found.count)
        for key in found { call.reply.bulk(arguments[2 + key.position]) }
    }

    /// Replies with the keys and what the command does to each.
    @Sendable
    static func keysAndFlags(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let found = try find(arguments.words(from: 2), in: call.server)
        call.reply.array(found.count)
        for key in found {
            call.reply.array(2)
            call.reply.bulk(arguments[2 + key.position])
            call.reply.names(of: key.flags.rawValue, KeySpec.Flags.names)
        }
    }

    private struct Key {
        let position: Int
        let flags: KeySpec.Flags
    }

    private static func find(
        _ request: borrowing Arguments, in server: ServerContext
    ) throws(ReplyError) -> [Key] {
        guard let id = server.commands.find(request: request) else {
            throw ReplyError("ERR Invalid command specified")
        }
        let spec = server.commands[id].spec
        let keySpecs = spec.keys.filter { !$0.flags.contains(.notKey) }
        guard !keySpecs.isEmpty else { throw ReplyError("ERR The command has no key arguments") }
        guard server.commands[id].accepts(wordCount: request.count) else {
            throw ReplyError("ERR Invalid number of arguments specified for command")
        }
        var words: [String] = []
        for index in 0..<request.count { words.append(request.text(index)) }
        let varying = spec.keyFlags?(request)
        var keys: [Key] = []
        for keySpec in keySpecs {
            guard let positions = keySpec.positions(count: words.count, word: { words[$0] }) else {
                keys = []
                break
            }
            keys += positions.map { Key(position: $0, flags: varying ?? keySpec.flags) }
        }
        guard !keys.isEmpty || spec.flags.contains(.noMandatoryKeys) else {
            throw ReplyError("ERR Invalid arguments specified for command")
        }
        return keys
    }
}
