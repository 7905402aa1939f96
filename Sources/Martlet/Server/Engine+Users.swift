// Users from the configuration's lines or from a file of their own, and back into it.

extension Engine {
    private static let userFileLimit = 64 << 20

    /// Who may come in from the start on.
    func takeUsers() throws(StartError) {
        let configuration = server.configuration.value
        server.followRequiredPassword()
        let declared: DeclaredUsers
        do throws(ConfigurationError) {
            declared = try DeclaredUsers(configuration, server.commands)
        } catch {
            throw .configuration(error.report(version: ServerVersion.redis))
        }
        for (name, rules) in declared.users {
            if !rules.isOn {
                log.write(
                    .notice,
                    "The user '\(String(decoding: name, as: UTF8.self))' is disabled (there is no 'on' modifier in the "
                        + "user description). Make sure this is not a configuration error.")
            }
            server.setUser(name, to: rules, by: nil)
        }
        guard !configuration.aclfile.isEmpty else { return }
        guard configuration.users.isEmpty else {
            throw .configuration(
                "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is "
                    + "invalid. This setup is very likely to lead to configuration errors and security holes, please "
                    + "define either an ACL file or declare users directly in your redis.conf, but not both.")
        }
        if let refusal = loadUsers(by: nil) {
            throw .configuration("Aborting Redis startup because of ACL errors: \(refusal)")
        }
    }

    private var userFilePath: String {
        let configuration = server.configuration.value
        let name = configuration.aclfile
        return name.hasPrefix("/") ? name : "\(configuration.dir)/\(name)"
    }

    /// ACL LOAD: what is wrong, or nil.
    func loadUsers(by caller: Session?) -> String? {
        let name = server.configuration.value.aclfile
        do {
            guard let file = try persistence.fileSystem.open(userFilePath) else {
                return "Error loading ACLs, opening file '\(name)': No such file or directory"
            }
            defer { file.close() }
            let users = try UserFile.read(
                try file.readAll(limit: Self.userFileLimit), path: name,
                newChannels: server.configuration.value.aclPubsubDefault == .all, in: server.commands)
            server.replaceUsers(users, by: caller)
            return nil
        } catch let refusal as UserFile.Refusal {
            return refusal.text
        } catch let error as SystemError {
            return "Error loading ACLs, opening file '\(name)': \(error.message)"
        } catch {
            return "Error loading ACLs: \(error)"
        }
    }

    /// ACL SAVE; false when that failed, which the log tells.
    func saveUsers() -> Bool {
        do throws(SystemError) {
            try persistence.fileSystem.replace(userFilePath, with: UserFile.text(of: server.users.all))
            return true
        } catch {
            log.write(.warning, "Writing ACL file for ACL SAVE: \(error.message)")
            return false
        }
    }
}
