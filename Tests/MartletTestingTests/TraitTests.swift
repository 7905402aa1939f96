// Fakes by trait, and expectations.

import Martlet
import MartletTesting
import Testing

@Suite(.martlet)
struct TraitTests {
    /// Each case has a fake of its own, and the tasks of the test find it.
    @Test(arguments: 0..<20) func eachTestHasItsOwn(number: Int) async throws {
        let fake = try MartletFake.current
        #expect(fake.keys == [])
        fake["key"] = .string("\(number)")
        let found = try await Task { try MartletFake.current["key"] }.value
        #expect(found == .string("\(number)"))
    }

    @Test(.martlet(.tcp, seed: 4)) func aTestMayWantAnother() throws { #expect(try MartletFake.current.port > 0) }

    @Test func whatIsExpectedIsReceived() async throws {
        let fake = try MartletFake.current
        let client = fake.makeClient()
        try await client.send("SET", "user:1", "ann")
        try await client.send("set", "user:2", "bob", "EX", 10)
        expect(fake).received("SET", "user:1", "ann")
        expect(fake).received("SET", .matching("user:*"), .anything, times: 2)
        expect(fake).received("SET", .any, .any, times: 1)
        expect(fake).receivedNo("DEL", .anything)
        #expect(fake.received("SET", .anything).map(\.description) == ["SET user:1 ann", "set user:2 bob EX 10"])
        fake.forgetReceived()
        expect(fake).receivedNo(.anything)
    }

    @Test func whatIsMissedIsAnIssue() async throws {
        let fake = try MartletFake.current
        try await fake.makeClient().send("SET", "a", "1")
        withKnownIssue { expect(fake).received("GET", "a") }
        withKnownIssue { expect(fake).received("SET", "a") }
        withKnownIssue { expect(fake).received("SET", "a", "1", times: 2) }
        withKnownIssue { expect(fake).receivedNo("SET", .anything) }
    }
}

/// One fake for the suite: what one test leaves the next one finds.
@Suite(.martlet(isShared: true), .serialized)
struct SharedFakeTests {
    @Test(arguments: 1...3) func theyShare(number: Int) throws {
        let fake = try MartletFake.current
        #expect(fake.keys.count == number - 1)
        fake["key:\(number)"] = "1"
    }
}

struct WithoutFakeTests {
    @Test func thereIsNone() { #expect(throws: MartletFake.MissingFake.self) { try MartletFake.current } }
}
