// APPEND key value

enum AppendCommand {
    static let spec = CommandSpec(
        "append", summary: "Appends bytes to a string, creating the key when it is missing.", since: "2.0.0",
        group: .string, complexity: "O(1) on average, because room for more is set aside as a string grows.", arity: 3,
        flags: [.write, .denyOOM, .fast], categories: .string, keys: [.key(1, [.readWrite, .insert])],
        arguments: [.key(), ArgumentSpec("value", .string)], handler: run)

    /// Replies with the length of the string afterwards.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let added = arguments[2].count
        if let present = try call.string(arguments[1], for: .write) {
            let count = present.stringCount
            try call.checkStringLength(Int64(count), adding: added)
            try call.changeString(arguments[1], minimumCount: count + added) { $0.write(arguments[2], at: count) }
            call.reply.integer(count + added)
        } else {
            call.setString(arguments[1], to: arguments, at: 2)
            call.reply.integer(added)
        }
        call.changed(arguments[1], .append)
    }
}
