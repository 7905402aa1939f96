// The software watchdog: which turns it reports, and what it finds on the stack of the thread that runs the loop.

import Dispatch
import Synchronization
import Testing

@testable import Martlet

struct WatchdogTests {
    private let clock = ManualClock(wallMilliseconds: 0)
    private let reports = Reports()

    private final class Reports: Sendable {
        private let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }
        func add(_ text: String) { texts.withLock { $0.append(text) } }
    }

    private func watchdog(period: Int64, samplesStacks: Bool = false) -> Watchdog {
        Watchdog(period: period, clock: Clock(.manual(clock)), samplesStacks: samplesStacks) { [reports] in
            reports.add($0)
        }
    }

    @Test func aLoopAtRestIsNotReported() {
        let watchdog = watchdog(period: 200)
        #expect(watchdog.look() == 200)
        clock.advance(milliseconds: 10_000)
        #expect(watchdog.look() == 200)
        watchdog.enter()
        watchdog.turnBegan(at: Clock(.manual(clock)).monotonicNanoseconds())
        watchdog.turnEnded()
        clock.advance(milliseconds: 10_000)
        #expect(watchdog.look() == 200)
        #expect(reports.all == [])
    }

    @Test func aTurnIsReportedOnceWhenItsTimeIsOver() {
        let watchdog = watchdog(period: 200)
        watchdog.enter()
        watchdog.turnBegan(at: 0)
        #expect(watchdog.look() == 200)
        clock.advance(milliseconds: 150)
        #expect(watchdog.look() == 50)
        clock.advance(milliseconds: 49)
        #expect(watchdog.look() == 1)
        #expect(reports.all == [])
        clock.advance(milliseconds: 1)
        #expect(watchdog.look() == 200)
        #expect(reports.all.count == 1)
        clock.advance(milliseconds: 1000)
        #expect(watchdog.look() == 200)
        #expect(reports.all.count == 1)
    }

    @Test func eachTurnIsReported() {
        let watchdog = watchdog(period: 10)
        for turn in 1...3 {
            watchdog.turnBegan(at: Clock(.manual(clock)).monotonicNanoseconds())
            clock.advance(milliseconds: 10)
            _ = watchdog.look()
            watchdog.turnEnded()
            #expect(reports.all.count == turn)
        }
    }

    @Test func theReportOfAServerThatIsPartOfAProgram() throws {
        let watchdog = watchdog(period: 200)
        watchdog.turnBegan(at: 0)
        clock.advance(milliseconds: 250)
        _ = watchdog.look()
        let report = try #require(reports.all.first)
        #expect(report.hasPrefix("\n--- WATCHDOG TIMER EXPIRED ---\n"))
        #expect(report.contains("250 milliseconds so far, and may take 200."))
        #expect(report.contains("Sorry: no "))
        #expect(report.hasSuffix("\n--------\n"))
    }

    /// The timer's first look is days away; the test looks itself, when it is later still.
    private static let farPeriod: Int64 = 1 << 35

    @Test func theLoopTellsOfItsTurns() throws {
        let loop = try EventLoop(label: "watched")
        let watchdog = watchdog(period: Self.farPeriod)
        clock.advance(milliseconds: 1 << 40)
        loop.queue.sync {
            loop.watch(by: watchdog)
            loop.start()
        }
        _ = watchdog.look()
        #expect(reports.all == [])
        loop.perform { _ = watchdog.look() }
        #expect(reports.all.count == 1)
        _ = watchdog.look()
        #expect(reports.all.count == 1)
        loop.queue.sync { loop.watched { _ = watchdog.look() } }
        #expect(reports.all.count == 2)
        loop.queue.sync { loop.watch(by: nil) }
        loop.perform { _ = watchdog.look() }
        #expect(reports.all.count == 2)
        end(loop)
    }

    @Test func theReportHasTheStackOfTheLoopsThread() throws {
        StackSampler.enable()
        let loop = try EventLoop(label: "watched")
        let watchdog = watchdog(period: Self.farPeriod, samplesStacks: true)
        clock.advance(milliseconds: 1 << 40)
        let (began, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        loop.queue.sync {
            loop.watch(by: watchdog)
            loop.start()
        }
        loop.post { _ = Self.standStill(began, mayEnd) }
        began.wait()
        _ = watchdog.look()
        mayEnd.signal()
        let report = try #require(reports.all.first)
        if StackSampler.isSupported {
            #expect(report.contains("STACK TRACE") && report.contains("EIP:\n") && report.contains("Backtrace:\n"))
            // How far the system's unwinder comes is not ours; Tests/Clients/daemon.py looks for a command's name.
            #expect(report.contains("[0x"), "\(report)")
        } else {
            #expect(report.contains("Sorry: no support for backtrace()."))
        }
        end(loop)
    }

    /// Redis's least periods: twice the interval of its periodic work.
    @Test func shortPeriodsAreRaised() throws {
        let server = try TestServer()
        func period(setTo period: Int) throws -> String {
            try server.run("CONFIG SET watchdog-period \(period)")
            return try server.wireWords("CONFIG GET watchdog-period", .resp2)
        }
        #expect(try period(setTo: 1) == "*2 $15 watchdog-period $3 200")
        #expect(try period(setTo: 50) == "*2 $15 watchdog-period $3 200")
        #expect(try period(setTo: 201) == "*2 $15 watchdog-period $3 201")
        try server.run("CONFIG SET hz 500")
        #expect(try period(setTo: 1) == "*2 $15 watchdog-period $1 4")
        #expect(try period(setTo: 0) == "*2 $15 watchdog-period $1 0")
    }

    @inline(never)
    private static func standStill(_ began: DispatchSemaphore, _ mayEnd: DispatchSemaphore) -> Bool {
        began.signal()
        let result = mayEnd.wait(timeout: .distantFuture)
        // Something is left to do behind the wait, so that this stays on the stack.
        return result == .success
    }

    private func end(_ loop: EventLoop) {
        let isOver = DispatchSemaphore(value: 0)
        loop.queue.sync { loop.stop { isOver.signal() } }
        isOver.wait()
    }
}
