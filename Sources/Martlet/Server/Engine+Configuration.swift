// Writing the configuration file anew.

extension Engine {
    private static let configurationFileLimit = 64 << 20

    /// Lines for all users; none when there is only the one that is always there, as `requirepass` makes it, or when
    /// they have a file of their own.
    private var declarations: [[UInt8]] {
        guard server.configuration.value.aclfile.isEmpty else { return [] }
        let users = server.users.all
        return users.count == 1 && server.isDefaultUserAsRequired ? [] : users.map(\.quotedLine)
    }

    func rewriteConfiguration(addsAll: Bool) -> ReplyError? {
        let path = server.identity.configurationFile
        guard !path.isEmpty else { return ReplyError("ERR The server is running without a config file") }
        let files = persistence.fileSystem
        do throws(SystemError) {
            let old = try files.open(path)
            defer { old?.close() }
            let text = ConfigRewrite.text(
                try old?.readAll(limit: Self.configurationFileLimit) ?? [], for: server.configuration.value,
                users: declarations, addsAll: addsAll)
            try files.replace(path, with: text)
        } catch {
            log.write(.warning, "CONFIG REWRITE failed: \(error)")
            return ReplyError("ERR Rewriting config file: \(error.message)")
        }
        log.write(.notice, "CONFIG REWRITE executed with success.")
        return nil
    }
}
