// The directive table holds together, and its defaults are those of Redis 7.0.15.

import Testing

@testable import Martlet

struct DirectiveTableTests {
    @Test func noNameStandsTwice() {
        let names = DirectiveTable.names.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names == names.sorted())
    }

    @Test func namesAreWrittenAsInFiles() {
        let letters = Set("abcdefghijklmnopqrstuvwxyz-_")
        for (name, directive) in DirectiveTable.names {
            #expect(!name.isEmpty && letters.isSuperset(of: name))
            #expect(DirectiveTable.directive(named: name)?.name == directive.name)
        }
    }

    @Test func everyRowIsDocumented() {
        for directive in DirectiveTable.all {
            #expect(directive.documentation.hasSuffix("."), "\(directive.name)")
            #expect(!directive.shape.isEmpty, "\(directive.name)")
        }
    }

    /// CONFIG GET * followed by CONFIG SET of each value must be accepted and change nothing.
    @Test func defaultsLieWithinTheirBounds() throws {
        let defaults = Configuration()
        for directive in DirectiveTable.all {
            var configuration = defaults
            // Immutable, and its text for "none" is empty: CONFIG SET never gets here.
            if directive.name == "replicaof" { continue }
            try directive.set(directive.text(in: defaults), in: &configuration)
            #expect(directive.text(in: configuration) == directive.text(in: defaults), "\(directive.name)")
        }
    }

    @Test func honouredAndWaitingSectionsAreWhatTheySay() {
        #expect(DirectiveTable.honoured.flatMap(\.directives).allSatisfy { $0.hasEffect })
        #expect(DirectiveTable.waiting.flatMap(\.directives).allSatisfy { !$0.hasEffect })
    }

    /// A row that reads another row's property would show up here: each honoured directive, set to something else,
    /// changes its own text and no other.
    @Test func everyRowHasItsOwnProperty() throws {
        let defaults = Configuration()
        let candidates = ["yes", "no", "7", "2mb", "debug", "text"]
        for directive in DirectiveTable.all {
            let changed = candidates.lazy.compactMap { candidate -> Configuration? in
                var configuration = defaults
                guard (try? directive.set(Array(candidate.utf8), in: &configuration)) != nil,
                    directive.text(in: configuration) != directive.text(in: defaults)
                else { return nil }
                return configuration
            }.first
            let others = DirectiveTable.all.filter { $0.name != directive.name }
            guard let changed else { continue }
            for other in others {
                #expect(other.text(in: changed) == other.text(in: defaults), "\(directive.name), \(other.name)")
            }
        }
    }

    @Test func defaultsAreThoseOfRedis() {
        // Given on the command line of the server that was asked.
        let given = [
            "always-show-logo": "no", "logfile": "", "port": "6379", "save": "3600 1 300 100 60 10000",
            "unixsocket": "",
        ]
        let configuration = Configuration()
        for (name, value) in redis7015ConfigGet {
            #expect(configuration.text(name) == given[name] ?? value, "\(name)")
        }
    }

    @Test func namesBeyondRedis7015() {
        let known = Set(redis7015ConfigGet.map(\.name))
        let beyond = DirectiveTable.names
            .filter { !$0.directive.flags.contains(.hidden) && !known.contains($0.name) }.map(\.name)
            // These are Redis's, too, but stand not in the reference.
            .filter { !$0.hasPrefix("cluster-") && !$0.hasPrefix("tls-") }
        #expect(
            beyond == [
                "aof-rewrite-cpulist", "bgsave-cpulist", "bio-cpulist", "locale-collate", "server-cpulist",
                "set-max-listpack-entries", "set-max-listpack-value",
            ])
    }

    @Test func secretsAreMarked() {
        let secret = DirectiveTable.all.filter { $0.flags.contains(.sensitive) }.map(\.name)
        #expect(secret == ["requirepass", "masterauth", "masteruser", "tls-key-file-pass", "tls-client-key-file-pass"])
    }

    @Test func validatedChecksWhatAProgramFilledIn() throws {
        var configuration = Configuration()
        configuration.hz = 0
        configuration.requirepass = [0xff, 0]
        configuration.bind = []
        let validated = try configuration.validated()
        #expect(validated.hz == 1 && validated.requirepass == [0xff, 0] && validated.bind == [])
        configuration.port = 70000
        let refused = ConfigurationError.refused(
            line: nil, reason: "port: argument must be between 0 and 65535 inclusive")
        #expect(throws: refused) { try configuration.validated() }
    }

    @Test func namesWhatHasNoEffect() throws {
        #expect(Configuration().directivesWithoutEffect.isEmpty)
        let configuration = try Configuration.loading("port 1\nmasteruser me\nsave ''\nslave-priority 100\n")
        #expect(configuration.directivesWithoutEffect == ["masteruser"])
    }

    @Test func logLevelsAreOrdered() {
        #expect(LogLevel.allCases == LogLevel.allCases.sorted())
        #expect(LogLevel.debug < .warning)
    }
}
