// Names that must be declared once: commands and directives; and the README's table, which comes from the specs.

import Foundation
import Testing

@testable import Martlet

struct NamesTests {
    @Test func commandsAreDeclaredOnce() {
        let names = CommandTable.families.flatMap { $0 }.map(\.name)
        #expect(names.count > 60)
        #expect(repeated(names) == [])
        for spec in CommandTable.families.flatMap({ $0 }) {
            #expect(repeated(spec.subcommands.map(\.name)) == [], "subcommands of \(spec.name)")
        }
        #expect(repeated(["get", "set", "get"]) == ["get"])
    }

    @Test func familiesAreInOrder() {
        for family in CommandTable.families { #expect(family.map(\.name) == family.map(\.name).sorted()) }
    }

    @Test func noCommandIsThereAndWaits() {
        let names = CommandTable.families.joined().flatMap { spec in
            [spec.name] + spec.subcommands.map { "\(spec.name)|\($0.name)" }
        }
        #expect(names.filter(WaitingCommands.contains) == [])
    }

    @Test func directivesAreDeclaredOnce() {
        let names = DirectiveTable.all.flatMap { [$0.name] + $0.aliases }
        #expect(names.count > 100)
        #expect(repeated(names) == [])
    }

    /// `MARTLET_WRITE_README=1 swift test --filter NamesTests` writes the table anew.
    @Test func readmeListsWhatIsSupported() throws {
        let page = SourceTree.root.appendingPathComponent("README.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let parts = text.components(separatedBy: "<!-- commands -->\n")
        try #require(parts.count == 2)
        let rest = parts[1].components(separatedBy: "<!-- /commands -->")
        try #require(rest.count == 2)
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_README"] != nil {
            let new = parts[0] + "<!-- commands -->\n" + SupportTable.text + "<!-- /commands -->" + rest[1]
            try new.write(to: page, atomically: true, encoding: .utf8)
        } else {
            #expect(rest[0] == SupportTable.text)
        }
    }

    private func repeated(_ names: [String]) -> [String] {
        Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
    }
}

/// The README's table of commands, a row for each, subcommands in their container's row.
enum SupportTable {
    static var text: String {
        var lines = ["| command | since | what it does |", "|---|---|---|"]
        for spec in CommandTable.families.flatMap({ $0 }).sorted(by: { $0.name < $1.name }) where !spec.isInternal {
            let children = spec.subcommands.map { $0.name.uppercased() }.sorted().joined(separator: ", ")
            let suffix = children.isEmpty ? "" : " (\(children))"
            lines.append("| \(spec.name.uppercased())\(suffix) | \(spec.since) | \(spec.summary) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
