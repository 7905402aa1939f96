// Finding commands by what COMMAND's users call them: `get`, `config|get`, or the words of a whole request.

extension CommandIndex {
    /// The command with this full name, `container|subcommand` for a subcommand, in any case.
    func find(fullName: ByteSpan) -> CommandID? {
        var bar: Int?
        for index in fullName.indices where fullName[index] == UInt8(ascii: "|") {
            // No command has two levels of subcommands.
            if bar != nil { return nil }
            bar = index
        }
        guard let bar else { return find(fullName) }
        guard let container = find(fullName.extracting(first: bar)) else { return nil }
        return find(fullName.extracting(droppingFirst: bar + 1), under: container)
    }

    /// The command that these words would run.
    func find(request: borrowing Arguments) -> CommandID? {
        guard request.count > 0, let id = find(request[0]) else { return nil }
        guard request.count > 1, !self[id].subcommands.isEmpty else { return id }
        return find(request[1], under: id)
    }

    /// All commands without their subcommands, in the order of the families.
    var topLevel: [CommandID] { (0..<topLevelCount).map(CommandID.init) }
}

extension Command {
    var subcommandIDs: [CommandID] { subcommands.map(CommandID.init) }
}

extension CommandIndex {
    /// Sets what was counted of all commands to zero.
    func forgetLatencies() {
        for index in 0..<count { self[CommandID(index: index)].latencies = nil }
    }

    func resetStatistics() {
        for index in 0..<count {
            self[CommandID(index: index)].resetStatistics()
        }
    }
}
