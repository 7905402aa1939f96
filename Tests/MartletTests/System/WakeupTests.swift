// The bell between threads.

import Dispatch
import Testing

@testable import Martlet

struct WakeupTests {
    @Test func ringsUntilDrained() throws {
        let wakeup = try Wakeup()
        var poller = try Poller()
        try poller.add(wakeup.descriptor, interest: .read, token: 7)
        let quiet = poller.wait(timeoutMilliseconds: 0)
        #expect(quiet == 0)
        wakeup.signal()
        wakeup.signal()
        for _ in 0..<2 {
            let count = poller.wait(timeoutMilliseconds: 0)
            #expect(count == 1)
            let token = poller.event(at: 0).token
            #expect(token == 7)
        }
        wakeup.drain()
        let drained = poller.wait(timeoutMilliseconds: 0)
        #expect(drained == 0)
        wakeup.drain()
        wakeup.signal()
        let again = poller.wait(timeoutMilliseconds: 0)
        #expect(again == 1)
    }

    @Test func wakesAWaitFromAnotherThread() throws {
        let wakeup = try Wakeup()
        var poller = try Poller()
        try poller.add(wakeup.descriptor, interest: .read, token: 1)
        DispatchQueue.global().async { wakeup.signal() }
        // Without end: only the other thread can finish this.
        let count = poller.wait(timeoutMilliseconds: -1)
        #expect(count == 1)
    }

    @Test func manySignalsFromManyThreadsAreOneRing() throws {
        let wakeup = try Wakeup()
        DispatchQueue.concurrentPerform(iterations: 1000) { _ in wakeup.signal() }
        wakeup.drain()
        let after = wakeup.descriptor.read()
        #expect(after == .wouldBlock)
    }
}
