// One interface over the system's readiness queues: EpollPoller on Linux, KqueuePoller on Darwin.
//
//     init()                                              throws(SystemError)
//     let descriptor                                      is readable when events wait; for a Dispatch source
//     func add(descriptor, interest: i, token: n)         throws
//     func modify(descriptor, interest: i, token: n)      throws
//     func remove(descriptor)                             before the descriptor is closed
//     mutating func wait(timeoutMilliseconds: n) -> Int   0 looks, a negative number waits without end
//     func event(at: i) -> PollEvent                      of the last wait
//     mutating func close()                               gives the descriptor back ahead of deinit; the end
//
// Both are level-triggered: an event comes again with each wait until its cause is gone.

#if os(Linux)
typealias Poller = EpollPoller
#else
typealias Poller = KqueuePoller
#endif

extension Poller {
    typealias Interest = PollInterest
    typealias Event = PollEvent

    /// The system's name for what is behind it.
    static var systemInterface: String {
        #if os(Linux)
        "epoll"
        #else
        "kqueue"
        #endif
    }
}

/// What is to be watched.
struct PollInterest: OptionSet, Sendable {
    let rawValue: UInt8

    static let read = PollInterest(rawValue: 1)
    static let write = PollInterest(rawValue: 2)
}

/// What a descriptor is ready for. kqueue may report one descriptor's two directions as two events.
struct PollEvent: Equatable, Sendable {
    /// The number that the descriptor was added with.
    let token: UInt64
    let readable: Bool
    let writable: Bool
    /// Both directions are closed, or the descriptor has an error; a read tells which. Reported without being asked
    /// for. A peer that only stopped writing is `readable`, with an end of stream to read.
    let hangup: Bool
}

/// Limits of a poller.
enum PollerLimits {
    /// The most events that one wait brings; what is left over comes with the next.
    static let eventsPerWait = 256
}
