// Every kind of value: what it takes, how it is shown, and the exact words of refusal.
// The expectations were read off a Redis 7.0.15.

import Testing

@testable import Martlet

struct ValueFormatTests {
    @Test(arguments: [
        ("timeout", "5", "5"), ("list-max-listpack-size", "-5", "-5"), ("hz", "0", "1"), ("hz", "100000", "500"),
        ("protected-mode", "NO", "no"), ("loglevel", "DEBUG", "debug"),
        ("maxmemory", "", "0"), ("maxmemory", "mb", "0"), ("maxmemory", "100b", "100"), ("maxmemory", "1k", "1000"),
        ("maxmemory", "1KB", "1024"), ("maxmemory", "2m", "2000000"), ("maxmemory", "2Mb", "2097152"),
        ("maxmemory", "3g", "3000000000"), ("maxmemory", "3gb", "3221225472"), ("maxmemory", "007", "7"),
        ("maxmemory", "18446744073709551615", "18446744073709551615"),
        ("maxmemory-clients", "5%", "5%"), ("maxmemory-clients", "0%", "0"), ("maxmemory-clients", "1mb", "1048576"),
        ("oom-score-adj", "relative", "yes"), ("oom-score-adj-values", "1 -2 +3", "1 -2 3"),
        ("shutdown-on-sigterm", "force now", "now force"), ("shutdown-on-sigterm", "default SAVE", "save"),
        ("shutdown-on-sigterm", "default", "default"),
        ("bind", "", ""), ("bind", "127.0.0.1 -::1", "127.0.0.1 -::1"),
        ("save", "", ""), ("save", "+900 1", "900 1"), ("save", "1 0 2 3", "1 0 2 3"),
        (
            "client-output-buffer-limit", "normal 1k 2 3",
            "normal 1000 2 3 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
        ),
        (
            "client-output-buffer-limit", "replica 1 2 3 PUBSUB 4 5 6",
            "normal 0 0 0 slave 1 2 3 pubsub 4 5 6"
        ),
        ("notify-keyspace-events", "g$lshzxetd", "A"), ("notify-keyspace-events", "gnEKm", "gnKEm"),
        ("notify-keyspace-events", "AKEm", "AKEm"), ("notify-keyspace-events", "nA", "An"),
        ("latency-tracking-info-percentiles", "50.1234567 99.95 0x10", "50.123457 99.95 16"),
        ("latency-tracking-info-percentiles", "", ""), ("latency-tracking-info-percentiles", "0 100", "0 100"),
        ("proc-title-template", "{{x {title}{port}", "{{x {title}{port}"),
        ("requirepass", "pass word", "pass word"),
    ])
    func takes(name: String, value: String, shown: String) throws {
        var configuration = Configuration()
        try configuration.set(name, value)
        #expect(configuration.text(name) == shown)
    }

    @Test(arguments: [
        ("timeout", " 5", "argument couldn't be parsed into an integer"),
        ("timeout", "05", "argument couldn't be parsed into an integer"),
        ("timeout", "+5", "argument couldn't be parsed into an integer"),
        ("timeout", "-0", "argument couldn't be parsed into an integer"),
        ("timeout", "", "argument couldn't be parsed into an integer"),
        ("timeout", "9223372036854775808", "argument couldn't be parsed into an integer"),
        ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
        ("list-compress-depth", "2147483648", "argument must be between 0 and 2147483647 inclusive"),
        ("list-max-listpack-size", "9999999999", "argument must be between -2147483648 and 2147483647 inclusive"),
        ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
        ("hash-max-listpack-entries", "-1", "argument must be between 0 and 9223372036854775807 inclusive"),
        ("maxmemory", "1e3", "argument must be a memory value"),
        ("maxmemory", "-1", "argument must be a memory value"),
        ("maxmemory", "1\u{212A}", "argument must be a memory value"),
        ("proto-max-bulk-len", "1", "argument must be between 1048576 and 9223372036854775807 inclusive"),
        (
            "proto-max-bulk-len", "99999999999999999999999",
            "argument must be between 1048576 and 9223372036854775807 inclusive"
        ),
        ("client-query-buffer-limit", "10%", "argument must be a memory value"),
        ("maxmemory-clients", "x", "argument must be a memory or percent value"),
        ("maxmemory-clients", "%", "argument must be a memory or percent value"),
        ("maxmemory-clients", "-5%", "argument must be a memory or percent value"),
        ("maxmemory-clients", "200%", "percentage argument must be less or equal to 100"),
        ("protected-mode", "true", "argument must be 'yes' or 'no'"),
        ("loglevel", "foo", "argument(s) must be one of the following: debug, verbose, notice, warning"),
        ("appendfsync", "", "argument(s) must be one of the following: everysec, always, no"),
        (
            "shutdown-on-sigterm", "",
            "argument(s) must be one of the following: default, save, nosave, now, force"
        ),
        ("shutdown-on-sigterm", "save nosave", "shutdown options SAVE and NOSAVE can't be used simultaneously"),
        ("bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "Too many bind addresses specified."),
        ("save", "900  1", "Invalid save parameters"), ("save", "900 1 ", "Invalid save parameters"),
        ("save", "0 1", "Invalid save parameters"), ("save", "1 -1", "Invalid save parameters"),
        ("save", "x 1", "Invalid save parameters"), ("save", "1", "Invalid save parameters"),
        (
            "client-output-buffer-limit", "normal",
            "Wrong number of arguments in buffer limit configuration."
        ),
        (
            "client-output-buffer-limit", "master 1 2 3",
            "Invalid client class specified in buffer limit configuration."
        ),
        (
            "client-output-buffer-limit", "normal 1 2 -3",
            "Error in hard, soft or soft_seconds setting in buffer limit configuration."
        ),
        ("oom-score-adj-values", "1 2", "wrong number of arguments"),
        (
            "oom-score-adj-values", "1 2 2001",
            "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
        ),
        ("notify-keyspace-events", "q", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        ("latency-tracking-info-percentiles", "50 x", "Invalid latency-tracking-info-percentiles parameters"),
        ("latency-tracking-info-percentiles", "nan", "Invalid latency-tracking-info-percentiles parameters"),
        (
            "latency-tracking-info-percentiles", "100.5",
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
        ),
        ("proc-title-template", "", "template format is invalid or contains unknown variables"),
        ("proc-title-template", "{foo}", "template format is invalid or contains unknown variables"),
        ("proc-title-template", " {title} ", "template format is invalid or contains unknown variables"),
        ("proc-title-template", "{", "template format is invalid or contains unknown variables"),
        ("dbfilename", "a/b", "dbfilename can't be a path, just a filename"),
        ("dir", "a\0b", "argument must be UTF-8 text without zero bytes"),
        (
            "activedefrag", "yes",
            "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc "
                + "like the one shipped by default with the Redis source distribution"
        ), ("cluster-announce-hostname", "a b", "Hostnames may only contain alphanumeric characters, hyphens or dots"),
    ])
    func refuses(name: String, value: String, reason: String) {
        var configuration = Configuration()
        configuration.enableProtectedConfigs = .yes
        let before = configuration.text(name)
        #expect(throws: ConfigSetError.failed(name: name, reason: reason)) {
            try configuration.set(name, value)
        }
        #expect(configuration.text(name) == before)
    }

    @Test(arguments: [
        ("unixsocketperm 770", "770"), ("unixsocketperm 0755", "755"), ("unixsocketperm ''", "0"),
        ("unixsocketperm ' +7'", "7"),
    ])
    func octal(line: String, shown: String) throws {
        let configuration = try Configuration.loading(line)
        #expect(configuration.text("unixsocketperm") == shown)
    }

    @Test(arguments: [
        ("unixsocketperm 999", "argument couldn't be parsed as an octal number"),
        ("unixsocketperm 1777", "argument must be between 0 and 777 inclusive"),
        ("unixsocketperm -1", "argument must be between 0 and 777 inclusive"),
        ("appendfilename ''", "appendfilename can't be empty"),
        ("appendfilename a\\b", "appendfilename can't be a path, just a filename"),
        ("appenddirname ''", "appenddirname can't be empty"),
        ("appenddirname a/b", "appenddirname can't be a path, just a dirname"),
        ("replicaof 127.0.0.1 abc", "Invalid master port"), ("replicaof host 65536", "Invalid master port"),
        ("replicaof host", "wrong number of arguments"),
    ])
    func refusedInFiles(line: String, reason: String) {
        #expect(Configuration.refusal(line) == .init(line: 1, text: line, reason: reason))
    }

    @Test func replicaof() throws {
        #expect(try Configuration.loading("slaveof example.org 6380").text("replicaof") == "example.org 6380")
        #expect(try Configuration.loading("replicaof h 1\nreplicaof NO ONE").text("slaveof") == "")
    }

    @Test func passwordsAreBytes() throws {
        var configuration = Configuration()
        let secret = Array("abc\0def".utf8) + [0xff]
        try ConfigSet.run(
            [.init(name: Array("requirepass".utf8), value: secret)], on: &configuration, isLocalClient: true
        ) { _, _ in nil }
        #expect(configuration.requirepass == secret)
        #expect(try Configuration.loading(#"requirepass "a\x00\xff""#).requirepass == [0x61, 0, 0xff])
    }
}
