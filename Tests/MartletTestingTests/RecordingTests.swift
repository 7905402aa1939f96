// Recordings: written, read, replayed.

import Martlet
import MartletClient
import MartletTesting
import Testing

struct RecordingTests {
    private func record(_ fake: MartletFake) async throws -> Recording {
        try await Recording.record(fake.makeClient()) { session in
            try await session.send("SET", "a", "1")
            try await session.send("HSET", "h", "f", "v", "g", [0, 255, 10] as [UInt8])
            try await session.send("HGETALL", "h")
            try await session.send("SADD", "s", "x", "y", "z")
            try await session.send("SMEMBERS", "s")
            _ = try? await session.send("INCR", "h")
            try await session.send("GET", "none")
            try await session.send("INCRBYFLOAT", "n", "0.5")
            try await session.send("MULTI")
            try await session.send("GET", "a")
            try await session.send("EXEC")
        }
    }

    @Test func textIsReadBack() async throws {
        let recording = try await record(try MartletFake(seed: 1))
        #expect(recording.exchanges.count == 11)
        #expect(try Recording(parsing: "# a comment\n\n" + recording.text) == recording)
        #expect(recording.text.hasPrefix("> \"SET\" \"a\" \"1\"\n< simple \"OK\"\n"))
        #expect(recording.text.contains(#"string "\x00\xff\n""#))
        #expect(recording.text.contains("< error \"WRONGTYPE"))
    }

    /// Another server gives maps and sets in another order.
    @Test func replayFindsTheFirstDifference() async throws {
        let recording = try await record(try MartletFake(seed: 1))
        #expect(try await recording.replay(try MartletFake(seed: 2).makeClient()) == nil)
        let other = try MartletFake(seed: 2)
        other["s"] = ["x"]
        let difference = try #require(try await recording.replay(other.makeClient()))
        #expect(difference.index == 3 && difference.reply == .integer(2))
        #expect(difference.description.contains("SADD") && difference.description.contains("integer 2"))
    }

    @Test(arguments: [
        ("> GET a\n> GET b\n", 2), ("< null\n", 1), ("> \"GET\n", 1), ("> GET a\n< array 2 null\n", 2),
        ("> GET a\n< map 9000000000000000000 null\n", 2), ("> GET a\n< odd\n", 2), ("> GET a\n< null null\n", 2),
        ("> GET a\n< integer x\n", 2), ("> \n", 1),
    ])
    func brokenTexts(text: String, line: Int) {
        let error = #expect(throws: Recording.FormatError.self) { try Recording(parsing: text) }
        #expect(error?.line == line)
    }
}
