// HELP of a command with subcommands: the lines that redis-cli prints, each a simple string.

/// How one subcommand is called and what it does, a line each.
struct HelpEntry: Sendable {
    let usage: String
    let description: [String]

    init(_ usage: String, _ description: String...) {
        self.usage = usage
        self.description = description
    }
}

extension CommandCall {
    /// Replies with a heading, the entries in their order, and HELP itself.
    mutating func reply(help entries: [HelpEntry], of container: String) {
        reply.collect(.array) { reply in
            reply.simple("\(container) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
            var count = 1
            for entry in entries + [HelpEntry("HELP", "Prints this help.")] {
                reply.simple(entry.usage)
                for line in entry.description { reply.simple("    \(line)") }
                count += 1 + entry.description.count
            }
            return count
        }
    }
}
