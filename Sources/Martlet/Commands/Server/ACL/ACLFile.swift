// ACL LOAD | SAVE: the file of users that `aclfile` names.

enum ACLFileCommands {
    static let loadSpec = ACLCommand.subcommand(
        "load", summary: "Reads the users from their file.", complexity: "O(N) for N users", arity: 2, isAdmin: true
    ) { (call: inout CommandCall, _) throws(ReplyError) in
        try requireFile(call)
        if let reason = call.server.services.loadUsers(call.session) { throw ReplyError("ERR \(reason)") }
        call.reply.ok()
    }

    static let saveSpec = ACLCommand.subcommand(
        "save", summary: "Writes the users to their file.", complexity: "O(N) for N users", arity: 2, isAdmin: true
    ) { (call: inout CommandCall, _) throws(ReplyError) in
        try requireFile(call)
        guard call.server.services.saveUsers() else {
            throw ReplyError(
                "ERR There was an error trying to save the ACLs. Please check the server logs for more information")
        }
        call.reply.ok()
    }

    private static func requireFile(_ call: borrowing CommandCall) throws(ReplyError) {
        guard call.configuration.aclfile.isEmpty else { return }
        throw ReplyError(
            "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL "
                + "SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) "
                + "in order to store users in the Redis configuration.")
    }
}
