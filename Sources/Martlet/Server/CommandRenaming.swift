// The configuration's rename-command lines against the command table: applied in order, each to the names that the
// ones before it left.

enum CommandRenaming {
    /// The new name of every command that has one, by its own name; an empty new name removes the command.
    static func names(
        after renames: [CommandRename], of families: [[CommandSpec]]
    ) throws(ConfigurationError) -> [String: String] {
        var commands: [String: String] = [:]
        for spec in families.joined() { commands[spec.name] = spec.name }
        var result: [String: String] = [:]
        for rename in renames {
            guard let command = commands.removeValue(forKey: rename.command.lowercased()) else {
                // Nobody can send it by any name.
                if WaitingCommands.contains(rename.command.lowercased()) { continue }
                throw .refused(line: rename.line, reason: "No such command in rename-command")
            }
            result[command] = rename.newName
            guard !rename.newName.isEmpty else { continue }
            guard commands.updateValue(command, forKey: rename.newName.lowercased()) == nil else {
                throw .refused(line: rename.line, reason: "Target command name already exists")
            }
        }
        return result
    }
}
