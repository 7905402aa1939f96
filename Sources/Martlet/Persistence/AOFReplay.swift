// Executes the commands of one file of the append only file. What a transaction holds is executed when its EXEC has
// come; a file that ends within a command or a transaction can be cut back to where it was whole.

final class AOFReplay: LoadingPart {
    let name: String
    private let path: String
    private let server: ServerContext
    private let fileSystem: any FileSystem
    private let reader: Box<AOFReader>
    /// Whether the file may be cut: what follows it would not fit otherwise.
    private let mayBeCut: Bool
    private let session = Session(id: 0, isTrusted: true, monotonicSeconds: 0)
    private let reply = Box(ReplyBuffer())
    private var transaction: Transaction?
    /// Where the file was whole the last time.
    private var wholeOffset: Int

    init(
        _ reader: consuming AOFReader, of name: String, at path: String, mayBeCut: Bool, server: ServerContext,
        fileSystem: any FileSystem
    ) {
        self.name = name
        self.path = path
        self.mayBeCut = mayBeCut
        self.server = server
        self.fileSystem = fileSystem
        wholeOffset = reader.nextOffset
        self.reader = Box(reader)
    }

    var offset: Int { reader.value.nextOffset }

    /// Goes on; false at the end of the file.
    func step(until isSpent: () -> Bool) throws(LoadingError) -> Bool {
        let delay = server.configuration.value.keyLoadDelay
        var sinceCheck = 0
        while true {
            switch try next() {
            case .command:
                try execute()
            case .note: break
            case .end where transaction == nil: return false
            case .end:
                server.log.write(.warning, "Revert incomplete MULTI/EXEC transaction in AOF file \(name)")
                try cut()
                return false
            case .cut:
                try cut()
                return false
            case .malformed:
                throw LoadingError(
                    text:
                        "Bad file format reading the append only file \(name) (at byte \(reader.value.offset)): make a "
                        + "backup of your AOF file, then use martlet-server --check-aof --fix <filename.manifest>")
            }
            if transaction == nil { wholeOffset = reader.value.nextOffset }
            if delay > 0 { server.services.sleep(Int64(delay)) }
            sinceCheck += 1
            if sinceCheck == 64 || delay > 0 {
                sinceCheck = 0
                if isSpent() { return true }
            }
        }
    }

    private func next() throws(LoadingError) -> AOFReader.Item {
        do throws(SystemError) {
            return try reader.value.next()
        } catch {
            throw LoadingError(text: "Unrecoverable error reading the append only file \(name): \(error.message)")
        }
    }

    // MARK: Commands

    private func execute() throws(LoadingError) {
        var refusal: String?
        reader.value.withCommand { arguments in refusal = run(arguments) }
        if let refusal { throw LoadingError(text: "\(refusal) reading the append only file \(name)") }
    }

    /// Returns why there is no such command.
    private func run(_ arguments: borrowing Arguments) -> String? {
        guard let id = server.commands.find(logged: arguments) else { return "Unknown command '\(arguments.text(0))'" }
        guard server.commands[id].accepts(wordCount: arguments.count) else {
            return "Wrong number of arguments for '\(arguments.text(0))' command"
        }
        switch server.commands[id].fullName {
        case "multi": transaction = Transaction()
        case "exec":
            transaction?.drain { id, arguments in apply(id, arguments) }
            transaction = nil
        default:
            guard let transaction else {
                apply(id, arguments)
                break
            }
            transaction.append(id, server.commands[id].flags, arguments)
        }
        return nil
    }

    /// Only what chooses a database and what changes data has an effect.
    private func apply(_ id: CommandID, _ arguments: borrowing Arguments) {
        guard server.commands[id].flags.contains(.write) || server.commands[id].fullName == "select",
            let handler = server.commands[id].handler
        else { return }
        var call = CommandCall(
            server: server, session: session, reply: ReplyWriter(buffer: ReplyBuffer(), version: .resp2))
        swap(&call.reply.buffer, &reply.value)
        call.command = id
        do { try handler(&call, arguments) } catch { report(error, of: id) }
        swap(&call.reply.buffer, &reply.value)
        reply.value.release()
    }

    /// Only what was executed is logged, so that nothing should be refused now; the data are as good as they can be.
    private func report(_ error: ReplyError, of id: CommandID) {
        server.statistics.value.unexpectedErrorReplies += 1
        server.log.write(
            .warning,
            "== CRITICAL == This server is sending an error to its AOF-loading-client: '\(error.text)' after "
                + "processing the command '\(server.commands[id].fullName)'")
    }

    // MARK: A file that is not whole

    private func cut() throws(LoadingError) {
        guard mayBeCut, server.configuration.value.aofLoadTruncated else {
            let unlike = mayBeCut ? "" : "Fatal error: the truncated file is not the last file. "
            throw LoadingError(
                text: unlike
                    + "Unexpected end of file reading the append only file \(name). You can: 1) Make a backup of "
                    + "your AOF file, then use martlet-server --check-aof --fix <filename.manifest>. 2) Alternatively "
                    + "you can set the 'aof-load-truncated' configuration option to yes and restart the server.")
        }
        server.log.write(.warning, "!!! Warning: short read while loading the AOF file \(name)!!!")
        server.log.write(.warning, "!!! Truncating the AOF \(name) at offset \(wholeOffset) !!!")
        do throws(SystemError) {
            let file = try fileSystem.append(to: path)
            defer { file.close() }
            try file.truncate(to: wholeOffset)
            try file.sync()
        } catch {
            throw LoadingError(text: "Error truncating the AOF file \(name): \(error.message)")
        }
        server.log.write(.warning, "AOF \(name) loaded anyway because aof-load-truncated is enabled")
    }
}

extension CommandIndex {
    /// The command that these words of a log name. It may have been renamed since; the log has its own name.
    fileprivate func find(logged words: borrowing Arguments) -> CommandID? {
        if let id = find(request: words) { return id }
        let name = words.text(0).lowercased()
        guard let id = topLevel.first(where: { self[$0].fullName == name }) else { return nil }
        guard words.count > 1, !self[id].subcommands.isEmpty else { return id }
        return find(words[1], under: id)
    }
}
