// Darwin's kqueue calls, which EventLoop/KqueuePoller builds on.

#if canImport(Darwin)
import Darwin

enum Kqueue {
    static func make() throws(SystemError) -> FileDescriptor {
        let queue = FileDescriptor(rawValue: try checked("kqueue") { kqueue() })
        return try Socket.closing(queue) { queue throws(SystemError) in
            try queue.setCloseOnExec()
            return queue
        }
    }

    /// A change of one filter (EVFILT_READ, EVFILT_WRITE) of one descriptor. EV_RECEIPT makes the queue answer for
    /// the change and nothing else.
    static func change(_ descriptor: FileDescriptor, filter: Int32, flags: Int32, token: UInt64) -> kevent {
        kevent(
            ident: UInt(bitPattern: Int(descriptor.rawValue)), filter: Int16(filter),
            flags: UInt16(flags | EV_RECEIPT), fflags: 0, data: 0,
            // Never followed: the queue only hands it back.
            udata: UnsafeMutableRawPointer(bitPattern: UInt(token)))
    }

    static func token(of event: kevent) -> UInt64 {
        UInt64(UInt(bitPattern: event.udata))
    }

    /// Submits changes; the first one refused is thrown.
    static func apply(_ changes: [kevent], to queue: FileDescriptor) throws(SystemError) {
        var receipts = changes
        let count = Int32(truncatingIfNeeded: changes.count)
        let received = try checked("kevent") {
            receipts.withUnsafeMutableBufferPointer {
                kevent(queue.rawValue, changes, count, $0.baseAddress, count, nil)
            }
        }
        for receipt in receipts.prefix(Int(received)) where receipt.data != 0 {
            throw SystemError(errno: Int32(truncatingIfNeeded: receipt.data), operation: "kevent")
        }
    }

    /// Fills `events` from its start; how many there are. A negative timeout waits without end.
    static func wait(_ queue: FileDescriptor, into events: inout [kevent], timeoutMilliseconds: Int32) -> Int {
        var limit = timespec(
            tv_sec: Int(timeoutMilliseconds) / 1000, tv_nsec: Int(timeoutMilliseconds) % 1000 * 1_000_000)
        let count = events.withUnsafeMutableBufferPointer { events in
            withUnsafePointer(to: &limit) { limit in
                retryingInterrupts {
                    kevent(
                        queue.rawValue, nil, 0, events.baseAddress, Int32(truncatingIfNeeded: events.count),
                        timeoutMilliseconds < 0 ? nil : limit)
                }
            }
        }
        // What remains are a bad descriptor and a bad buffer, and the poller has neither.
        precondition(count >= 0, "kevent")
        return Int(count)
    }
}
#endif
