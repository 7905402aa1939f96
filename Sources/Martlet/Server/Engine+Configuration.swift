// Writing the configuration file anew.

extension Engine {
    private static let configurationFileLimit = 64 << 20

    /// The file is whole at any moment: the new one takes the old one's name once it is on disk.
    func rewriteConfiguration(addsAll: Bool) -> ReplyError? {
        let path = server.identity.configurationFile
        guard !path.isEmpty else { return ReplyError("ERR The server is running without a config file") }
        let files = persistence.fileSystem
        let temporaryPath = "\(path).\(CurrentProcess.id).tmp"
        do throws(SystemError) {
            let old = try files.open(path)
            defer { old?.close() }
            let text = ConfigRewrite.text(
                try old?.readAll(limit: Self.configurationFileLimit) ?? [], for: server.configuration.value,
                addsAll: addsAll)
            let new = try files.create(temporaryPath)
            defer { new.close() }
            try new.write(text.span)
            try new.sync()
            try files.rename(temporaryPath, to: path)
            try files.syncDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        } catch {
            try? files.remove(temporaryPath)
            log.write(.warning, "CONFIG REWRITE failed: \(error)")
            return ReplyError("ERR Rewriting config file: \(error.message)")
        }
        log.write(.notice, "CONFIG REWRITE executed with success.")
        return nil
    }
}
