// CONFIG GET and CONFIG SET on a configuration: patterns, aliases, all or nothing, who may set what.

import Testing

@testable import Martlet

struct ConfigGetTests {
    private func names(_ patterns: String..., in configuration: Configuration = Configuration()) -> [String] {
        ConfigGet.run(patterns.map { Array($0.utf8) }, in: configuration).map(\.name)
    }

    @Test func everything() {
        let visible = DirectiveTable.names.filter { !$0.directive.flags.contains(.hidden) }.map(\.name)
        #expect(names("*") == visible.filter { !ConfigGet.laterNames.contains($0) })
        #expect(names("bio-cpulist", "bio_cpulist") == ["bio-cpulist", "bio_cpulist"])
        #expect(visible.count > 150)
    }

    @Test func hiddenOnesByExactNameOnly() {
        #expect(names("key-load-*") == [])
        #expect(names("key-load-delay") == ["key-load-delay"])
    }

    @Test func severalPatternsWithoutDuplicates() {
        let found = names("maxmemory", "maxmemory*", "bind", "*of", "MAXMEMORY")
        #expect(Set(found).count == found.count)
        #expect(found.first == "maxmemory")
        #expect(Set(found).isSuperset(of: ["maxmemory-samples", "maxmemory-clients", "bind", "slaveof", "replicaof"]))
    }

    @Test func aliasesShowTheSameValue() throws {
        var configuration = Configuration()
        try configuration.set("hash-max-ziplist-entries", "7")
        let entries = ConfigGet.run([Array("hash-max-*-entries".utf8)], in: configuration)
        #expect(entries.map(\.name) == ["hash-max-listpack-entries", "hash-max-ziplist-entries"])
        #expect(entries.allSatisfy { $0.value == Array("7".utf8) })
    }

    @Test func exactNamesComeBackAsWritten() {
        #expect(names("HZ") == ["HZ"])
        #expect(names("HZ", "hz", "h?") == ["HZ"])
        #expect(names("H?") == ["hz"])
        #expect(names("nonsense") == [])
        #expect(names("") == [])
    }
}

struct ConfigSetTests {
    @Test func severalAtOnce() throws {
        var configuration = Configuration()
        let changed = try configuration.set("maxmemory", "10000001", "port", "7000", "timeout", "0")
        #expect(changed == ["maxmemory", "port"])
        #expect(configuration.port == 7000 && configuration.text("maxmemory") == "10000001")
    }

    @Test func allOrNothing() {
        var configuration = Configuration()
        let reason = "percentage argument must be less or equal to 100"
        #expect(throws: ConfigSetError.failed(name: "maxmemory-clients", reason: reason)) {
            try configuration.set(
                "port", "1", "maxmemory-clients", "200%", "client-query-buffer-limit", "invalid",
                apply: { _, _ in
                    Issue.record("nothing may be applied")
                    return nil
                })
        }
        #expect(configuration.port == 6379)
    }

    @Test func texts() {
        #expect(
            ConfigSetError.failed(name: "port", reason: "why").reply
                == "ERR CONFIG SET failed (possibly related to argument 'port') - why")
        #expect(
            ConfigSetError.unknown(name: "foo").reply
                == "ERR Unknown option or number of arguments for CONFIG SET - 'foo'")
    }

    @Test(arguments: [
        (["foo", "1"], ConfigSetError.unknown(name: "foo")),
        (["Foo\0x", "1"], .unknown(name: "Foo")),
        (["DAEMONIZE", "yes"], .failed(name: "DAEMONIZE", reason: "can't set immutable config")),
        (["dir", "/"], .failed(name: "dir", reason: "can't set protected config")),
        (["timeout", "1", "TIMEOUT", "2"], .failed(name: "TIMEOUT", reason: "duplicate parameter")),
        (["timeout", "1", "timeout", "x"], .failed(name: "timeout", reason: "duplicate parameter")),
        (
            ["port", "x", "daemonize", "yes", "foo", "bar"],
            .failed(name: "daemonize", reason: "can't set immutable config")
        ),
        (["foo", "bar", "daemonize", "yes"], .unknown(name: "foo")),
        (["TIMEOUT", "x"], .failed(name: "timeout", reason: "argument couldn't be parsed into an integer")),
        (
            ["HASH-max-ziplist-entries", "x"],
            .failed(name: "hash-max-ziplist-entries", reason: "argument couldn't be parsed into an integer")
        ),
    ])
    func refusals(words: [String], expected: ConfigSetError) {
        var configuration = Configuration()
        let pairs = stride(from: 0, to: words.count, by: 2).map { index in
            ConfigSet.Pair(name: Array(words[index].utf8), value: Array(words[index + 1].utf8))
        }
        #expect(throws: expected) {
            try ConfigSet.run(pairs, on: &configuration, isLocalClient: true) { _, _ in nil }
        }
    }

    @Test func nameAndAliasAreNoDuplicate() throws {
        var configuration = Configuration()
        try configuration.set("hash-max-ziplist-entries", "1", "hash-max-listpack-entries", "2")
        #expect(configuration.text("hash-max-ziplist-entries") == "2")
    }

    @Test(arguments: [
        (ProtectedAction.no, true, false), (.no, false, false), (.yes, true, true), (.yes, false, true),
        (.local, true, true), (.local, false, false),
    ])
    func protectedOnes(who: ProtectedAction, isLocal: Bool, isAllowed: Bool) {
        var configuration = Configuration()
        configuration.enableProtectedConfigs = who
        _ = try? configuration.set("dbfilename", "other.rdb", isLocalClient: isLocal)
        #expect((configuration.text("dbfilename") == "other.rdb") == isAllowed)
    }

    // MARK: - Effects

    @Test func appliesWhatHasChangedInOrder() throws {
        var configuration = Configuration()
        var applied: [String] = []
        try configuration.set(
            "timeout", "9", "hz", "10", "port", "1",
            apply: { directive, new in
                applied.append("\(directive.name) \(new.timeoutSeconds) \(new.port)")
                return nil
            })
        #expect(applied == ["timeout 9 1", "port 9 1"])
    }

    @Test func applyMayRefineTheValue() throws {
        var configuration = Configuration()
        configuration.enableProtectedConfigs = .yes
        try configuration.set(
            "dir", "data",
            apply: { _, new in
                new.dir = "/srv/" + new.dir
                return nil
            })
        #expect(configuration.text("dir") == "/srv/data")
    }

    @Test func failedEffectsAreTakenBack() {
        var configuration = Configuration()
        var applied: [String] = []
        let reason = "Unable to listen on this port. Check server logs."
        #expect(throws: ConfigSetError.failed(name: "port", reason: reason)) {
            try configuration.set(
                "timeout", "9", "port", "1", "maxclients", "5",
                apply: { directive, new in
                    applied.append("\(directive.name) \(new.timeoutSeconds) \(new.port)")
                    return new.port == 1 && directive.name == "port" ? reason : nil
                })
        }
        #expect(applied == ["timeout 9 1", "port 9 1", "port 0 6379", "timeout 0 6379"])
        #expect(configuration.timeoutSeconds == 0 && configuration.port == 6379 && configuration.maxclients == 10000)
    }
}
