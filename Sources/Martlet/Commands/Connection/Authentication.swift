// Who may come in: one user, `default`, whose password is the configuration's `requirepass`.

enum Authentication {
    static let userName = "default"

    /// Lets the session in if user and password are right. Without a configured password any one is.
    static func admit(
        _ session: Session, user: ByteSpan, password: ByteSpan, configured: [UInt8]
    ) throws(ReplyError) {
        let isKnown = user.equals(Array(userName.utf8).span)
        guard isKnown, configured.isEmpty || isSame(password, configured) else { throw .wrongPassword }
        session.isAuthenticated = true
    }

    /// Takes equally long wherever the two differ, so that nobody can feel his way to the password.
    private static func isSame(_ given: ByteSpan, _ configured: [UInt8]) -> Bool {
        var difference = given.count ^ configured.count
        for index in configured.indices {
            let byte = given.isEmpty ? 0 : given[index % given.count]
            difference |= Int(byte ^ configured[index])
        }
        return difference == 0
    }
}
