// RENAME key newkey
// RENAMENX key newkey

enum RenameCommand {
    static let spec = CommandSpec(
        "rename", summary: "Gives a key another name, in place of what has that name.", since: "1.0.0",
        group: .generic, complexity: "O(1)", arity: 3, flags: .write, categories: .keyspace,
        keys: [.key(1, [.readWrite, .access, .delete]), .key(2, [.overwrite, .update])],
        arguments: [.key(), .key("newkey", keySpec: 1)],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            if try rename(&call, arguments, onlyIfAbsent: false) { call.reply.ok() }
        })

    static let ifAbsentSpec = CommandSpec(
        "renamenx", summary: "Gives a key another name unless that is taken.", since: "1.0.0", group: .generic,
        complexity: "O(1)", arity: 3, flags: [.write, .fast], categories: .keyspace,
        keys: [.key(1, [.readWrite, .access, .delete]), .key(2, [.overwrite, .insert])],
        history: [.init("3.2.0", "Two equal names are no longer an error.")],
        arguments: [.key(), .key("newkey", keySpec: 1)],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            let isRenamed = try rename(&call, arguments, onlyIfAbsent: true)
            call.reply.integer(isRenamed)
        })

    /// False when the name is taken and may not be. Renaming a key to itself changes nothing.
    private static func rename(
        _ call: inout CommandCall, _ arguments: borrowing Arguments, onlyIfAbsent: Bool
    ) throws(ReplyError) -> Bool {
        guard call.lookup(arguments[1], for: .write) != nil else { throw .noSuchKey }
        if arguments[1].equals(arguments[2]) { return !onlyIfAbsent }
        if call.lookup(arguments[2], for: .write) != nil {
            if onlyIfAbsent { return false }
            call.remove(arguments[2])
        }
        call.keyspace.move(arguments[1], in: call.database, to: arguments[2], in: call.database)
        call.changed(arguments[1], .renameFrom)
        call.changed(arguments[2], .renameTo, count: 0)
        return true
    }
}
