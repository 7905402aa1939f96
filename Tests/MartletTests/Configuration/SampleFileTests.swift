// redis.conf.sample is what the table makes of it, and starts the server with the defaults.
// After a change of the table: MARTLET_WRITE_SAMPLE=1 swift test --filter SampleFileTests

import Foundation
import Testing

@testable import Martlet

@Suite(.serialized)
struct SampleFileTests {
    private static let url = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "redis.conf.sample")

    @Test func theFileIsTheTable() throws {
        let rendered = SampleFile.render()
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_SAMPLE"] != nil {
            try rendered.write(to: SampleFileTests.url, atomically: true, encoding: .utf8)
        }
        let sample = try String(contentsOf: SampleFileTests.url, encoding: .utf8)
        #expect(sample == rendered)
    }

    @Test func itGivesTheDefaults() throws {
        let sample = try String(contentsOf: SampleFileTests.url, encoding: .utf8)
        try expectDefaults(sample)
    }

    @Test func itGivesTheDefaultsWithEveryLineActive() throws {
        let sample = try String(contentsOf: SampleFileTests.url, encoding: .utf8)
        let names = Set(DirectiveTable.all.map(\.name))
        var seen: [String] = []
        let active = sample.split(separator: "\n").compactMap { line -> String? in
            let line = line.hasPrefix("#") ? line.dropFirst() : line
            guard let name = line.split(separator: " ").first.map(String.init), line.hasPrefix(name),
                names.contains(name)
            else { return nil }
            seen.append(name)
            return String(line)
        }
        #expect(seen == DirectiveTable.all.map(\.name))
        try expectDefaults(active.joined(separator: "\n"))
    }

    private func expectDefaults(_ text: String) throws {
        let configuration = try Configuration.loading(text)
        let defaults = Configuration()
        for directive in DirectiveTable.all {
            #expect(directive.text(in: configuration) == directive.text(in: defaults), "\(directive.name)")
        }
        #expect(configuration.renamedCommands.isEmpty)
    }
}
