// The poller over Linux's epoll. Poller.swift documents the interface.

#if os(Linux)
import CMartletSystem

struct EpollPoller: ~Copyable {
    let descriptor: FileDescriptor
    private var isOpen = true
    private var events = [epoll_event](repeating: epoll_event(), count: PollerLimits.eventsPerWait)

    init() throws(SystemError) {
        descriptor = try Epoll.make()
    }

    func add(_ watched: FileDescriptor, interest: PollInterest, token: UInt64) throws(SystemError) {
        try Epoll.control(descriptor, .add, watched, events: Self.events(interest), token: token)
    }

    func modify(_ watched: FileDescriptor, interest: PollInterest, token: UInt64) throws(SystemError) {
        try Epoll.control(descriptor, .modify, watched, events: Self.events(interest), token: token)
    }

    func remove(_ watched: FileDescriptor) throws(SystemError) {
        try Epoll.control(descriptor, .remove, watched, events: 0, token: 0)
    }

    @inline(__always)
    mutating func wait(timeoutMilliseconds: Int32) -> Int {
        Epoll.wait(descriptor, into: &events, timeoutMilliseconds: timeoutMilliseconds)
    }

    @inline(__always)
    func event(at index: Int) -> PollEvent {
        let event = events[index]
        return PollEvent(
            token: event.data.u64,
            readable: event.events & Epoll.readable != 0,
            writable: event.events & Epoll.writable != 0,
            hangup: event.events & Epoll.hangup != 0)
    }

    mutating func close() {
        if isOpen { descriptor.close() }
        isOpen = false
    }

    deinit {
        if isOpen { descriptor.close() }
    }

    private static func events(_ interest: PollInterest) -> UInt32 {
        (interest.contains(.read) ? Epoll.readable : 0) | (interest.contains(.write) ? Epoll.writable : 0)
    }
}
#endif
