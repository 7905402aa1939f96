// Who is in and what they may do: the gate that the executor asks, and what a change of users means for sessions.

extension ServerContext {
    /// Whether new connections need not authenticate.
    var letsAnybodyIn: Bool { users.defaultUser.rules.letsAnybodyIn }

    // MARK: Coming in

    /// Lets the session in as a user if the password is right, and forgets who it was before.
    func admit(
        _ session: Session, as name: [UInt8], password: ByteSpan, by command: ByteSpan
    ) throws(ReplyError) {
        guard let user = users[name], user.rules.admits(password: password) else {
            users.log.add(
                .authentication, session.transaction == nil ? .toplevel : .multi, object: command.copied(),
                user: name, client: ClientDescription.line(session, in: self), at: keyspace.value.now,
                limit: configuration.value.acllogMaxLen)
            throw .wrongPassword
        }
        session.become(user, isAuthenticated: true)
    }

    /// As a connection is when it opens.
    func makeDefault(_ session: Session) {
        if session.isTrusted {
            session.become(nil, isAuthenticated: true)
        } else {
            session.become(users.defaultUser, isAuthenticated: letsAnybodyIn)
        }
    }

    // MARK: The gate

    /// Why the session may not do this; nil when it may. A refusal is remembered.
    func accessRefusal(
        of id: CommandID, _ request: borrowing Arguments, _ session: Session, isQueued: Bool = false
    ) -> ReplyError? {
        guard let user = session.user, let denial = user.rules.denial(of: id, request, in: commands) else {
            return nil
        }
        note(denial, of: id, request, session, inTransaction: isQueued || session.transaction != nil)
        return isQueued ? .rulesChanged(denial) : .noPermission(denial, user: user.nameText, commands[id].fullName)
    }

    private func note(
        _ denial: AccessDenial, of id: CommandID, _ request: borrowing Arguments, _ session: Session,
        inTransaction: Bool
    ) {
        let (reason, object): (AccessLog.Reason, [UInt8]) =
            switch denial {
            case .command: (.command, Array(commands[id].fullName.utf8))
            case .key(let index): (.key, request[index].copied())
            case .channel(let index): (.channel, request[index].copied())
            }
        users.log.add(
            reason, inTransaction ? .multi : .toplevel, object: object, user: session.user?.name ?? [],
            client: ClientDescription.line(session, in: self), at: keyspace.value.now,
            limit: configuration.value.acllogMaxLen)
    }

    // MARK: Changes

    /// Gives a user new rules, and ends the connections of those who listen to what they may listen to no more.
    func setUser(_ name: [UInt8], to rules: UserRules, by caller: Session?) {
        let user = users.set(name, to: rules)
        for session in clients.all where session.user === user { follow(user, session, caller) }
    }

    private func follow(_ user: User, _ session: Session, _ caller: Session?) {
        session.isRestricted = user.rules.isRestricted
        if user === users.defaultUser { session.isLetIn = letsAnybodyIn }
        let mayListen = session.subscriptions.allNames.allSatisfy { name, kind in
            user.rules.allPermissions.contains { $0.allows(channel: name.span, asPattern: kind == .pattern) }
        }
        if !mayListen { end(session, caller) }
    }

    /// True when there was such a user. Their connections end.
    func removeUser(_ name: [UInt8], by caller: Session?) -> Bool {
        guard let user = users.remove(name) else { return false }
        for session in clients.all where session.user === user { dismiss(session, caller) }
        return true
    }

    private func dismiss(_ session: Session, _ caller: Session?) {
        session.become(users.defaultUser, isAuthenticated: false)
        end(session, caller)
    }

    /// The caller's own connection ends behind its reply.
    private func end(_ session: Session, _ caller: Session?) {
        if session === caller { session.closesAfterReplies = true } else { session.transport?.kill() }
    }

    /// Takes the place of all users: those who are not among the new ones are gone.
    func replaceUsers(_ new: [UserFile.User], by caller: Session?) {
        let names = Set(new.map(\.name))
        for user in users.all where !names.contains(user.name) { _ = users.remove(user.name) }
        if !names.contains(UserRegistry.defaultName) {
            users.set(UserRegistry.defaultName, to: UserRegistry.everything(in: commands))
        }
        for user in new { users.set(user.name, to: user.rules) }
        for session in clients.all {
            guard let user = session.user else { continue }
            if users[user.name] === user { follow(user, session, caller) } else { dismiss(session, caller) }
        }
    }

    /// `requirepass` is the default user's password.
    func followRequiredPassword() {
        setUser(UserRegistry.defaultName, to: withRequiredPassword(users.defaultUser.rules), by: nil)
    }

    /// Whether the default user is what it is without any rule about it.
    var isDefaultUserAsRequired: Bool {
        users.defaultUser.rules == withRequiredPassword(UserRegistry.everything(in: commands))
    }

    private func withRequiredPassword(_ rules: UserRules) -> UserRules {
        let password = configuration.value.requirepass
        let words = password.isEmpty ? [Array("nopass".utf8)] : [Array("resetpass".utf8), [0x3E] + password]
        var changed = rules
        // Words that are always understood.
        try? changed.apply(words, newChannels: false, in: commands)
        return changed
    }
}
