// The loop's turns: their order, their end, objects that come and go within one, and work from other threads.

import Dispatch
import Synchronization
import Testing

@testable import Martlet

/// A descriptor that does what a test says when it is ready.
private final class Probe: Pollable {
    let descriptor: FileDescriptor
    let peer: FileDescriptor
    var body: (Probe) -> Void = { _ in }
    private(set) var calls = 0

    override init() {
        // A test without descriptors is lost.
        guard let pair = try? Socket.pair() else { preconditionFailure("no socket pair") }
        (descriptor, peer) = pair
        super.init()
    }

    deinit {
        descriptor.close()
        peer.close()
    }

    override func becameReady(readable: Bool, writable: Bool, hangup: Bool) {
        calls += 1
        _ = descriptor.read()
        body(self)
    }

    func ring() { _ = peer.send("x") }
}

/// Writes down what happens. Guard: touched on the loop's queue only.
private final class Diary: EventLoopDelegate, @unchecked Sendable {
    var lines: [String] = []
    var moreTurns = 0
    var laterTurns = 0

    func endTurn() -> NextTurn {
        lines.append("end")
        moreTurns -= 1
        if moreTurns > 0 { return .now }
        laterTurns -= 1
        return laterTurns > 0 ? .within(milliseconds: 1) : .whenever
    }

    func rest() { lines.append("rest") }
}

/// A loop that runs until the object is dropped.
private final class RunningLoop {
    let loop: EventLoop
    let diary = Diary()

    init() throws {
        loop = try EventLoop(label: "test")
        loop.delegate = diary
    }

    func start() { loop.queue.sync { loop.start() } }

    func onLoop<Result>(_ body: () throws -> Result) rethrows -> Result { try loop.queue.sync(execute: body) }

    /// Waits until the diary's counter has come down. Where a slow machine ended the stay meanwhile, which goes by real
    /// time, it begins again with another ring.
    ///
    /// - Returns: how often that was rung in all; nil when the counter does not come down.
    func comesTo(
        _ end: Int, _ counter: ReferenceWritableKeyPath<Diary, Int>, from start: Int, ringing probe: Probe
    ) -> Int? {
        var rings = 1
        let came = eventually {
            onLoop {
                if diary[keyPath: counter] <= end { return true }
                guard diary.lines.last == "rest" else { return false }
                diary.lines = []
                diary[keyPath: counter] = start
                rings += 1
                probe.ring()
                return false
            }
        }
        return came ? rings : nil
    }

    func stop() {
        let stopped = DispatchSemaphore(value: 0)
        onLoop { loop.stop { stopped.signal() } }
        stopped.wait()
    }
}

struct EventLoopTests {
    @Test func eachTurnEndsOnceBehindItsEvents() throws {
        let running = try RunningLoop()
        defer { running.stop() }
        let probes = (0..<3).map { _ in Probe() }
        running.onLoop {
            for (index, probe) in probes.enumerated() {
                probe.body = { _ in running.diary.lines.append("event \(index)") }
                #expect((try? running.loop.add(probe, descriptor: probe.descriptor, interest: .read)) != nil)
                probe.ring()
            }
        }
        running.start()
        #expect(eventually { running.onLoop { running.diary.lines.contains("end") } })
        let lines = running.onLoop { running.diary.lines }
        #expect(Set(lines.prefix(3)) == ["event 0", "event 1", "event 2"])
        #expect(lines.dropFirst(3).allSatisfy { $0 == "end" || $0 == "rest" })
        running.onLoop { for probe in probes { running.loop.remove(probe, descriptor: probe.descriptor) } }
    }

    @Test func anotherTurnComesWhenItIsAskedFor() throws {
        let running = try RunningLoop()
        defer { running.stop() }
        let probe = Probe()
        running.onLoop {
            running.diary.moreTurns = 50
            #expect((try? running.loop.add(probe, descriptor: probe.descriptor, interest: .read)) != nil)
            probe.ring()
        }
        running.start()
        let calls = running.comesTo(0, \.moreTurns, from: 50, ringing: probe)
        #expect(calls != nil && running.onLoop { probe.calls } == calls)
        running.onLoop { running.loop.remove(probe, descriptor: probe.descriptor) }
    }

    /// Without an event and without a door into the loop that would end a turn.
    @Test func aTurnComesWithinTheTimeItIsAskedFor() throws {
        let running = try RunningLoop()
        defer { running.stop() }
        let probe = Probe()
        running.onLoop {
            running.diary.laterTurns = 3
            #expect((try? running.loop.add(probe, descriptor: probe.descriptor, interest: .read)) != nil)
            probe.ring()
        }
        running.start()
        let calls = running.comesTo(0, \.laterTurns, from: 3, ringing: probe)
        #expect(calls != nil && running.onLoop { probe.calls } == calls)
        running.onLoop { running.loop.remove(probe, descriptor: probe.descriptor) }
    }

    /// Two are ready; whichever comes first takes the other out and puts a third one on the same descriptor number and
    /// in the same slot. The event that was on its way to the second must reach nobody.
    @Test func eventsOfTheGoneReachNobody() throws {
        let running = try RunningLoop()
        defer { running.stop() }
        let pair = [Probe(), Probe()]
        let heir = Heir()
        running.onLoop {
            for (index, probe) in pair.enumerated() {
                probe.body = { _ in
                    let other = pair[1 - index]
                    guard other.calls == 0, other.token != nil else { return }
                    running.loop.remove(other, descriptor: other.descriptor)
                    _ = other.descriptor.read()
                    #expect((try? running.loop.add(heir, descriptor: other.descriptor, interest: .read)) != nil)
                    heir.descriptor = other.descriptor
                }
                #expect((try? running.loop.add(probe, descriptor: probe.descriptor, interest: .read)) != nil)
                probe.ring()
            }
        }
        running.start()
        #expect(eventually { running.onLoop { heir.descriptor != nil } })
        // Enough turns for anything that was on its way.
        for _ in 0..<3 { _ = running.loop.perform { 0 } }
        #expect(running.onLoop { heir.calls } == 0)
        #expect(running.onLoop { pair[0].calls + pair[1].calls } == 1)
        running.onLoop { pair[pair[0].calls == 0 ? 0 : 1].ring() }
        #expect(eventually { running.onLoop { heir.calls } == 1 })
        running.onLoop {
            if let descriptor = heir.descriptor { running.loop.remove(heir, descriptor: descriptor) }
            for probe in pair {
                running.loop.remove(probe, descriptor: probe.descriptor)
                probe.body = { _ in }
            }
        }
    }

    private final class Heir: Pollable {
        var descriptor: FileDescriptor?
        private(set) var calls = 0

        override func becameReady(readable: Bool, writable: Bool, hangup: Bool) {
            calls += 1
            _ = descriptor?.read()
        }
    }

    @Test func removalTwiceDoesNoHarm() throws {
        let running = try RunningLoop()
        defer { running.stop() }
        let (one, other) = (Probe(), Probe())
        try running.onLoop {
            try running.loop.add(one, descriptor: one.descriptor, interest: .read)
            running.loop.remove(one, descriptor: one.descriptor)
            running.loop.remove(one, descriptor: one.descriptor)
            try running.loop.modify(one, descriptor: one.descriptor, interest: .write)
            // The slot that became free is given out once only.
            try running.loop.add(one, descriptor: one.descriptor, interest: .read)
            try running.loop.add(other, descriptor: other.descriptor, interest: .read)
            #expect(one.token != other.token)
        }
        running.onLoop {
            running.loop.remove(one, descriptor: one.descriptor)
            running.loop.remove(other, descriptor: other.descriptor)
        }
    }

    @Test func performFromManyThreadsWhileTheLoopIsBusy() async throws {
        let running = try RunningLoop()
        let probe = Probe()
        running.onLoop {
            // Rings itself: the loop has work all the time.
            probe.body = { $0.ring() }
            #expect((try? running.loop.add(probe, descriptor: probe.descriptor, interest: .read)) != nil)
            probe.ring()
        }
        running.start()
        let loop = running.loop
        let counter = Counter()
        let (threads, calls) = (6, 1500)
        let group = DispatchGroup()
        for thread in 0..<threads {
            DispatchQueue.global().async(group: group) {
                for call in 0..<calls {
                    let answer = loop.perform { () -> Int in
                        counter.value += 1
                        return thread * calls + call
                    }
                    #expect(answer == thread * calls + call)
                }
            }
        }
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<threads {
                tasks.addTask { for _ in 0..<calls { await loop.perform { counter.value += 1 } } }
            }
        }
        await withCheckedContinuation { continuation in group.notify(queue: .global()) { continuation.resume() } }
        #expect(running.onLoop { counter.value } == 2 * threads * calls)
        running.onLoop { running.loop.remove(probe, descriptor: probe.descriptor) }
        running.stop()
    }

    /// Guard: touched on the loop's queue only.
    private final class Counter: @unchecked Sendable {
        var value = 0
    }

    @Test func stoppedLoopStillAnswers() throws {
        let running = try RunningLoop()
        running.start()
        running.stop()
        #expect(running.loop.perform { 7 } == 7)
    }
}

struct MailboxTests {
    private final class Notes: Sendable {
        let lines = Mutex<[Int]>([])
    }

    @Test func jobsComeInTheirOrder() throws {
        let mailbox = try Mailbox()
        let notes = Notes()
        #expect(mailbox.take().isEmpty)
        for number in 0..<100 {
            let isPosted = mailbox.post { notes.lines.withLock { $0.append(number) } }
            #expect(isPosted)
        }
        for job in mailbox.take() { job() }
        #expect(notes.lines.withLock { $0 } == Array(0..<100))
        #expect(mailbox.take().isEmpty)
    }

    @Test func ringsWhileJobsWait() throws {
        let mailbox = try Mailbox()
        var poller = try Poller()
        try poller.add(mailbox.descriptor, interest: .read, token: 1)
        #expect(poller.wait(timeoutMilliseconds: 0) == 0)
        for _ in 0..<3 { #expect(mailbox.post {}) }
        #expect(poller.wait(timeoutMilliseconds: 0) == 1)
        #expect(mailbox.take().count == 3)
        #expect(poller.wait(timeoutMilliseconds: 0) == 0)
        #expect(mailbox.post {})
        #expect(poller.wait(timeoutMilliseconds: 0) == 1)
    }

    @Test func closedMailboxRefuses() throws {
        let mailbox = try Mailbox()
        #expect(mailbox.post {})
        #expect(mailbox.close().count == 1)
        #expect(!mailbox.post {})
        #expect(mailbox.take().isEmpty)
        #expect(mailbox.close().isEmpty)
    }
}
