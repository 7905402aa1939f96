// What makes a server a fake: a clock to turn, faults, a list of what was received, and files in memory.

import Synchronization

/// One fake's controls; usable from any thread.
package final class FakeControl: Interceptor, Sendable {
    private struct State: Sendable {
        var plan = FaultPlan()
        var received: [ReceivedCommand] = []
    }

    package let clock: ManualClock
    /// Whether clients may use the command FAKE.
    package let offersCommand: Bool
    let files = MemoryFileSystem()
    private let state = Mutex(State())

    /// More received commands than this are not kept; the oldest go first.
    private static let mostReceived = 100_000

    /// The clock shows the real time and runs.
    package init(offersCommand: Bool) {
        clock = ManualClock()
        self.offersCommand = offersCommand
        files.fill { [weak self] in self?.state.withLock { $0.plan.meets(.fullDisk) } ?? false }
    }

    // MARK: Faults

    /// Returns the rule's number.
    @discardableResult
    package func add(_ rule: FaultRule) -> Int { state.withLock { $0.plan.add(rule) } }

    /// False when there is no such rule any more.
    @discardableResult
    package func remove(_ id: Int) -> Bool { state.withLock { $0.plan.remove(id) } }

    /// All rules since the last reset, with what they did.
    package var faults: [FaultRecord] { state.withLock { $0.plan.records } }

    /// No rule stands, and nothing was received.
    package func reset() {
        state.withLock { state in
            state.plan.reset()
            state.received = []
        }
    }

    // MARK: Received commands

    /// Oldest first.
    package var received: [ReceivedCommand] { state.withLock { $0.received } }

    package func forgetReceived() { state.withLock { $0.received = [] } }

    // MARK: Interceptor

    func intercept(_ command: ReceivedCommand) -> Interception {
        state.withLock { state in
            state.received.append(command)
            if state.received.count > Self.mostReceived {
                // Many at once, so that it costs little for each.
                state.received.removeFirst(Self.mostReceived / 10)
            }
            return state.plan.meet(command.words)
        }
    }

    func admitsConnection() -> Bool { state.withLock { !$0.plan.meets(.refuseConnection) } }
}
