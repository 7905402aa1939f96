// Other stores' sessions: read as they write them, changed without losing anything, written as they read them.

import Foundation
import Martlet
import MartletClient
import Testing

@testable import MartletSessions

struct ForeignTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func connectRedis() async throws {
        let bench = try Bench(standing: true)
        let text =
            #"{"cookie":{"originalMaxAge":86400000,"path":"/"},"user":"ada","n":1.50,"ü":[1,{"a":"}"}]}"#
        try await bench.client.send("SET", "sess:abc", text, "EX", 86400)
        let sessions = ForeignSessions(bench.client, layout: .connectRedis())
        let session = try #require(try await sessions.get("abc"))
        #expect(try session.value("user", as: String.self) == "ada" && session.value("none", as: Int.self) == nil)
        #expect(session.values["n"] == bytes("1.50") && session.timeRemaining == .seconds(86400))
        bench.advance(by: .seconds(400))
        try await sessions.update("abc") { (session) throws(SessionError) in
            try session.set("cart", to: ["milk"])
            session.values["user"] = nil
        }
        // What was not touched is what it was, to the byte, and so is the time.
        let written = try await bench.client.send("GET", "sess:abc", as: String.self)
        #expect(
            written
                == #"{"cart":["milk"],"cookie":{"originalMaxAge":86400000,"path":"/"},"n":1.50,"ü":[1,{"a":"}"}]}"#
        )
        #expect(try await bench.client.send("TTL", "sess:abc", as: Int.self) == 86000)
        try await sessions.update("abc", ttl: .seconds(60)) { (_) throws(SessionError) in }
        #expect(try await bench.client.send("TTL", "sess:abc", as: Int.self) == 60)
        #expect(try await sessions.delete("abc"))
        #expect(try await !sessions.delete("abc"))
    }

    /// E1, E2: no update is lost, and none brings back what is gone.
    @Test func updatesAtOnce() async throws {
        let bench = try Bench(standing: true)
        let sessions = ForeignSessions(bench.client, layout: .jsonBlob())
        try await sessions.put("x", ["n": bytes("0")])
        #expect(try await bench.client.send("TTL", "session:x", as: Int.self) == 3600)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    try await sessions.update("x") { (session) throws(SessionError) in
                        try session.set("n", to: (session.value("n", as: Int.self) ?? 0) + 1)
                        try session.set("k\(number)", to: number)
                    }
                }
            }
            try await group.waitForAll()
        }
        let session = try #require(try await sessions.get("x"))
        #expect(try session.value("n", as: Int.self) == 12 && session.values.count == 13)
        try await sessions.delete("x")
        let gone = try await sessions.update("x") { (session) throws(SessionError) in session.values["n"] = [0x31] }
        #expect(gone == nil)
        #expect(try await bench.keys() == [])
    }

    @Test func springSession() async throws {
        let bench = try Bench(standing: true)
        let sessions = ForeignSessions(bench.client, layout: .springSession())
        let key = "spring:session:sessions:abc"
        let binary: [UInt8] = [0xAC, 0xED, 0, 5, 0x74, 0, 3, 0x61, 0x64, 0x61]
        try await bench.client.send(
            "HMSET", key, "creationTime", "1", "maxInactiveInterval", "1800", "lastAccessedTime", "1",
            "sessionAttr:user", binary)
        try await bench.client.send("PEXPIRE", key, 1_800_000)
        #expect(try await sessions.get("abc")?.values["sessionAttr:user"] == binary)
        try await sessions.update("abc") { (session) throws(SessionError) in
            try session.set("sessionAttr:cart", to: ["a"])
            session.values["sessionAttr:user"] = nil
        }
        let fields = try await bench.client.send("HGETALL", key, as: [String: String].self)
        #expect(Set(fields.keys) == ["creationTime", "maxInactiveInterval", "lastAccessedTime", "sessionAttr:cart"])
        try await sessions.put("new", ["sessionAttr:a": bytes("1")], ttl: .seconds(600))
        let new = try await bench.client.send(
            "HGETALL", "spring:session:sessions:new", as: [String: String].self)
        #expect(
            new == [
                "creationTime": "1800000000000", "lastAccessedTime": "1800000000000", "maxInactiveInterval": "600",
                "sessionAttr:a": "1",
            ])
        #expect(try await bench.client.send("TTL", "spring:session:sessions:new", as: Int.self) == 600)
    }

    /// A1, A2, A4: all keys of a session are written together, each with its time, and go together.
    @Test func sixKeys() async throws {
        let bench = try Bench(standing: true)
        let sessions = ForeignSessions(bench.client, layout: .categories())
        try await sessions.put(
            "s1",
            [
                "auth/user_id": bytes("7"), "security/csrf": bytes("t"), "translation/text": bytes("hello"),
                "ui/lang": bytes("ja"), "stats/usage_count": bytes("3"), "analysis": bytes("long"),
            ])
        for (category, seconds) in [
            ("auth", 3600), ("security", 3600), ("translation", 1800), ("ui", 86400), ("stats", 86400),
            ("analysis", 900),
        ] {
            #expect(try await bench.client.send("TTL", "session:\(category):s1", as: Int.self) == seconds)
        }
        #expect(try await bench.client.send("HGET", "session:auth:s1", "user_id", as: String.self) == "7")
        bench.advance(by: .seconds(100))
        try await sessions.update("s1") { (session) throws(SessionError) in
            session.values["stats/usage_count"] = Array("4".utf8)
            session.values["ui/lang"] = nil
        }
        let session = try #require(try await sessions.get("s1"))
        #expect(session.values["stats/usage_count"] == bytes("4") && session.values["ui/lang"] == nil)
        #expect(session.values["analysis"] == bytes("long"))
        #expect(try await bench.client.send("TTL", "session:analysis:s1", as: Int.self) == 800)
        // A1: a category that comes back after its time has a time again; what goes on keeps its own.
        bench.advance(by: .seconds(1800))
        try await sessions.update("s1") { (session) throws(SessionError) in
            #expect(session.values["translation/text"] == nil)
            session.values["translation/text"] = Array("again".utf8)
            session.values["auth/user_id"] = Array("8".utf8)
        }
        #expect(try await bench.client.send("TTL", "session:translation:s1", as: Int.self) == 1800)
        #expect(try await bench.client.send("TTL", "session:auth:s1", as: Int.self) == 1700)
        // A session lives as long as its longest part.
        #expect(try await sessions.get("s1")?.timeRemaining == .seconds(84_500))
        #expect(try await sessions.delete("s1"))
        #expect(try await bench.keys() == [])
    }

    /// A4, A12: what the other store keeps by gzip is read, and goes with the session.
    @Test func theCompressedTwin() async throws {
        let bench = try Bench(standing: true)
        let sessions = ForeignSessions(bench.client, layout: .categories())
        let (plain, twin) = ("session:analysis:s1", "session:analysis:s1:compressed")
        let packed = try #require(Data(base64Encoded: GzipTests.fixed)).map { $0 }
        try await bench.client.send("HSET", "session:auth:s1", "user_id", "7")
        try await bench.client.send("SET", twin, packed, "EX", 900)
        #expect(try await sessions.get("s1")?.values["analysis"] == bytes("abcabcabcabcabcabc"))
        // Both are there when the text became shorter, or longer: the one that ends later is the later one.
        bench.advance(by: .seconds(1))
        try await bench.client.send("SET", plain, "short", "EX", 900)
        #expect(try await sessions.get("s1")?.values["analysis"] == bytes("short"))
        bench.advance(by: .seconds(1))
        try await bench.client.send("SET", twin, packed, "EX", 900)
        #expect(try await sessions.get("s1")?.values["analysis"] == bytes("abcabcabcabcabcabc"))
        try await sessions.update("s1") { (session) throws(SessionError) in
            session.values["auth/user_id"] = Array("8".utf8)
        }
        #expect(try await bench.client.send("EXISTS", twin, as: Int.self) == 1)
        try await sessions.update("s1") { (session) throws(SessionError) in
            session.values["analysis"] = Array("new".utf8)
        }
        #expect(try await bench.client.send("EXISTS", twin, as: Int.self) == 0)
        #expect(try await bench.client.send("GET", plain, as: String.self) == "new")
        try await bench.client.send("SET", twin, "no gzip", "EX", 901)
        let error = await #expect(throws: SessionError.self) { try await sessions.get("s1") }
        #expect(error?.code == .undecodable)
        try await sessions.put("s1", ["auth/user_id": bytes("9")])
        #expect(try await bench.keys() == ["session:auth:s1"])
        for key in [plain, twin] { try await bench.client.send("SET", key, packed, "EX", 900) }
        #expect(try await sessions.delete("s1"))
        #expect(try await bench.keys() == [])
    }

    @Test func whatIsNotOfTheLayout() async throws {
        let bench = try Bench()
        let sessions = ForeignSessions(bench.client, layout: .flaskSession())
        for text in [
            "", "[]", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1}x"#, #"{a:1}"#, #"{"a":"x}"#, "\u{80}",
        ] {
            try await bench.client.send("SET", "session:x", text)
            let error = await #expect(throws: SessionError.self, "\(text)") { try await sessions.get("x") }
            #expect(error?.code == .undecodable)
        }
        try await sessions.put("x", ["a": [0x31]])
        #expect(try await sessions.get("x")?.values == ["a": [0x31]])
        #expect(try await sessions.get("none") == nil)
        let deep = #"{"a":"# + String(repeating: "[", count: 100_000) + "}"
        try await bench.client.send("SET", "session:x", deep)
        await #expect(throws: SessionError.self) { try await sessions.get("x") }
    }

    /// Taken apart and put together again, an object says the same.
    @Test func slicesOfRandomObjects() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var object: [String: Any] = [:]
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let name = String((0..<3).map { _ in "ab\"\\ü{}[],: \n".randomElement(using: &random) ?? "x" })
                object[name] = [
                    1, "a,}\"]", ["b": [1, 2, ["c": "\\"]]] as [String: Any], [[], [:] as [String: Any]] as [Any], true,
                    NSNull(),
                ].randomElement(using: &random)
            }
            for options: JSONSerialization.WritingOptions in [[], .prettyPrinted] {
                let text = [UInt8](try JSONSerialization.data(withJSONObject: object, options: options))
                let values = try #require(JSONSlices.values(ofObject: text))
                #expect(Set(values.keys) == Set(object.keys))
                let again = try JSONSerialization.jsonObject(with: Data(JSONSlices.object(values)))
                #expect((again as? NSDictionary) == (object as NSDictionary))
            }
        }
    }
}

struct GzipTests {
    static let fixed = "H4sIAAAAAAACA0tMSk5ERQAEwCbcEgAAAA=="
    private static let dynamic = """
        H4sIAAAAAAACA11RWxKDIAy8So6A8pDrZCy1ThGmRD56+0pAZfoRJq/dbEJylP2uIGQMs9Owx+As7C83sSsBA/ovrSRgRsroRyBHtMagYYsP5y\
        V88jq/7ZmWBdySCuLTHDYcNh02lpqATC7JGiYM5HFnupK2bUopy+abvk2Ax7BkXJz5ZxiukoJnTBt6AYnX06c41bWwes3K2GVxqjy6wU0JLN/B\
        dGMrp6go0S43trS871DVTxfSdl4ne7oPWseyBnPz3Khzm/MnrmV+EtCqucYBAAA=
        """

    private func bytes(_ text: String) throws -> [UInt8] { [UInt8](try #require(Data(base64Encoded: text))) }

    /// What zlib wrote: with a code of its own, with the fixed one, as it is, with a name, of two members, and nothing.
    @Test func allKindsOfBlocks() throws {
        let long = try #require(Gzip.expand(bytes(Self.dynamic), limit: 454))
        #expect(long.count == 454 && long.starts(with: Array("result4 nuance5".utf8)))
        for (text, plain) in [
            (Self.fixed, "abcabcabcabcabcabc"), ("H4sIAAAAAAAEAwEGAPn/c3RvcmVkC/lDVgYAAAA=", "stored"),
            ("H4sICAEAAAAC/25hbWUudHh0AMtLzE1NAQCHzOBxBQAAAA==", "named"),
        ] { #expect(try Gzip.expand(bytes(text), limit: 100) == Array(plain.utf8)) }
        let two = try bytes(Self.fixed) + bytes(Self.fixed)
        #expect(Gzip.expand(two, limit: 36)?.count == 36)
        #expect(Gzip.expand(two, limit: 35) == nil)
    }

    @Test func whatIsDamaged() throws {
        for text in [Self.dynamic, Self.fixed] {
            let packed = try bytes(text)
            let plain = Gzip.expand(packed, limit: 1000)
            for count in packed.indices { #expect(Gzip.expand(Array(packed[..<count]), limit: 1000) == nil) }
            // The time and the system in the head mean nothing, and most flags add something.
            for place in packed.indices where !(3..<10).contains(place) {
                for bit in 0..<8 {
                    var damaged = packed
                    damaged[place] ^= 1 << UInt8(bit)
                    // Bits behind the last code mean nothing, either.
                    let found = Gzip.expand(damaged, limit: 1000)
                    #expect(found == nil || found == plain)
                }
            }
            #expect(Gzip.expand(packed + [0], limit: 1000) == nil)
            #expect(Gzip.expand(packed, limit: 17) == nil)
        }
    }
}
