// The poller over Darwin's kqueue. Poller.swift documents the interface.
//
// A kqueue watches each direction by a filter of its own. Both filters are always there, and the one that is not
// wanted is disabled; so adding and modifying are the same two changes.

#if canImport(Darwin)
import Darwin

struct KqueuePoller: ~Copyable {
    let descriptor: FileDescriptor
    private var isOpen = true
    private var events = [kevent](repeating: kevent(), count: PollerLimits.eventsPerWait)

    init() throws(SystemError) {
        descriptor = try Kqueue.make()
    }

    func add(_ watched: FileDescriptor, interest: PollInterest, token: UInt64) throws(SystemError) {
        let read = EV_ADD | (interest.contains(.read) ? EV_ENABLE : EV_DISABLE)
        let write = EV_ADD | (interest.contains(.write) ? EV_ENABLE : EV_DISABLE)
        try Kqueue.apply(
            [
                Kqueue.change(watched, filter: EVFILT_READ, flags: read, token: token),
                Kqueue.change(watched, filter: EVFILT_WRITE, flags: write, token: token),
            ], to: descriptor)
    }

    func modify(_ watched: FileDescriptor, interest: PollInterest, token: UInt64) throws(SystemError) {
        try add(watched, interest: interest, token: token)
    }

    func remove(_ watched: FileDescriptor) throws(SystemError) {
        try Kqueue.apply(
            [
                Kqueue.change(watched, filter: EVFILT_READ, flags: EV_DELETE, token: 0),
                Kqueue.change(watched, filter: EVFILT_WRITE, flags: EV_DELETE, token: 0),
            ], to: descriptor)
    }

    mutating func wait(timeoutMilliseconds: Int32) -> Int {
        Kqueue.wait(descriptor, into: &events, timeoutMilliseconds: timeoutMilliseconds)
    }

    func event(at index: Int) -> PollEvent {
        let event = events[index]
        let ended = Int32(event.flags) & EV_EOF != 0
        let failed = Int32(event.flags) & EV_ERROR != 0
        let writes = Int32(event.filter) == EVFILT_WRITE
        // The end of the reading side alone is something to read; that of the writing side is the end of both.
        return PollEvent(
            token: Kqueue.token(of: event), readable: !writes, writable: writes, hangup: failed || (writes && ended))
    }

    mutating func close() {
        if isOpen { descriptor.close() }
        isOpen = false
    }

    deinit {
        if isOpen { descriptor.close() }
    }
}
#endif
