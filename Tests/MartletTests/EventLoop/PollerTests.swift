// The poller on socket pairs: interests, tokens, ends, and more descriptors than one wait reports.

import Testing

@testable import Martlet

struct PollerTests {
    /// The events that are there now, in the order of their tokens; one per token.
    private func ready(_ poller: inout Poller) -> [PollEvent] {
        let count = poller.wait(timeoutMilliseconds: 0)
        var events: [UInt64: PollEvent] = [:]
        for index in 0..<count {
            let event = poller.event(at: index)
            let other = events[event.token]
            events[event.token] = PollEvent(
                token: event.token,
                readable: event.readable || other?.readable == true,
                writable: event.writable || other?.writable == true,
                hangup: event.hangup || other?.hangup == true)
        }
        return events.values.sorted { $0.token < $1.token }
    }

    @Test func nothingIsReadyAtFirst() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        var poller = try Poller()
        try poller.add(here, interest: .read, token: 1)
        let events = ready(&poller)
        #expect(events.isEmpty)
    }

    @Test func readableUntilRead() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        var poller = try Poller()
        try poller.add(here, interest: .read, token: .max)
        #expect(there.send("ab") == .bytes(2))
        let expected = [PollEvent(token: .max, readable: true, writable: false, hangup: false)]
        let first = ready(&poller)
        #expect(first == expected)
        #expect(here.readText(1) == "a")
        let second = ready(&poller)
        #expect(second == expected, "level-triggered: what is left is reported again")
        #expect(here.readText(1) == "b")
        let third = ready(&poller)
        #expect(third.isEmpty)
    }

    @Test func interestAndTokenCanChange() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        var poller = try Poller()
        try poller.add(here, interest: [.read, .write], token: 1)
        #expect(there.send("a") == .bytes(1))
        var events = ready(&poller)
        #expect(events == [PollEvent(token: 1, readable: true, writable: true, hangup: false)])
        try poller.modify(here, interest: .write, token: 2)
        events = ready(&poller)
        #expect(events == [PollEvent(token: 2, readable: false, writable: true, hangup: false)])
        try poller.modify(here, interest: [], token: 3)
        events = ready(&poller)
        #expect(events.isEmpty)
        try poller.modify(here, interest: .read, token: 4)
        events = ready(&poller)
        #expect(events == [PollEvent(token: 4, readable: true, writable: false, hangup: false)])
        try poller.remove(here)
        events = ready(&poller)
        #expect(events.isEmpty)
    }

    @Test func writableAgainOnceThePeerHasRead() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        var poller = try Poller()
        try poller.add(here, interest: .write, token: 1)
        let block = [UInt8](repeating: 0, count: 1 << 20)
        while case .bytes = block.withUnsafeBytes({ here.send($0) }) {}
        var events = ready(&poller)
        #expect(events.isEmpty)
        while case .bytes = there.read(atMost: 1 << 20) {}
        events = ready(&poller)
        #expect(events == [PollEvent(token: 1, readable: false, writable: true, hangup: false)])
    }

    @Test func halfClosedPeerIsReadableOnly() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        var poller = try Poller()
        try poller.add(here, interest: .read, token: 1)
        try there.shutdownWriting()
        let events = ready(&poller)
        #expect(events == [PollEvent(token: 1, readable: true, writable: false, hangup: false)])
        #expect(here.read() == .endOfStream)
    }

    @Test func gonePeerShows() throws {
        let (here, there) = try Socket.pair()
        defer { here.close() }
        var poller = try Poller()
        try poller.add(here, interest: [.read, .write], token: 1)
        there.close()
        let events = ready(&poller)
        #expect(events.count == 1)
        #expect(events.first?.readable == true)
        #expect(events.first?.hangup == true)
        #expect(here.read() == .endOfStream)
    }

    @Test func moreThanOneWaitReports() throws {
        // Darwin starts a process with 256.
        _ = try OpenFileLimit.raise(to: 1024)
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        var poller = try Poller()
        var watched: [FileDescriptor] = []
        var peers: [FileDescriptor] = []
        defer { for descriptor in watched + peers { descriptor.close() } }
        let total = PollerLimits.eventsPerWait + 10
        for token in 0..<total {
            let (one, other) = try Socket.pair()
            watched.append(one)
            peers.append(other)
            try poller.add(one, interest: .read, token: UInt64(token))
            #expect(other.send("x") == .bytes(1))
        }
        var seen: Set<UInt64> = []
        let first = poller.wait(timeoutMilliseconds: 0)
        #expect(first == PollerLimits.eventsPerWait)
        for index in 0..<first {
            let token = poller.event(at: index).token
            seen.insert(token)
            #expect(watched[Int(token)].readText() == "x")
        }
        let second = poller.wait(timeoutMilliseconds: 0)
        #expect(second == 10)
        for index in 0..<second { seen.insert(poller.event(at: index).token) }
        #expect(seen.count == total)
    }

    @Test func wrongUseIsReported() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        let poller = try Poller()
        let none = FileDescriptor(rawValue: -1)
        #expect(throws: SystemError.self) { try poller.add(none, interest: .read, token: 1) }
        #expect(throws: SystemError.self) { try poller.remove(here) }
    }

    @Test func descriptorIsItselfReadable() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        let inner = try Poller()
        var outer = try Poller()
        try inner.add(here, interest: .read, token: 1)
        try outer.add(inner.descriptor, interest: .read, token: 2)
        var events = ready(&outer)
        #expect(events.isEmpty)
        #expect(there.send("x") == .bytes(1))
        events = ready(&outer)
        #expect(events.map(\.token) == [2])
    }
}
