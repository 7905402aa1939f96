// Linux's epoll calls, which EventLoop/EpollPoller builds on.

#if os(Linux)
import CMartletSystem
#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

enum Epoll {
    #if canImport(Glibc)
    static var readable: UInt32 { EPOLLIN.rawValue }
    static var writable: UInt32 { EPOLLOUT.rawValue }
    static var hangup: UInt32 { EPOLLHUP.rawValue | EPOLLERR.rawValue }
    #else
    static var readable: UInt32 { UInt32(EPOLLIN) }
    static var writable: UInt32 { UInt32(EPOLLOUT) }
    static var hangup: UInt32 { UInt32(EPOLLHUP) | UInt32(EPOLLERR) }
    #endif

    enum Change {
        case add, modify, remove

        fileprivate var code: Int32 {
            switch self {
            case .add: EPOLL_CTL_ADD
            case .modify: EPOLL_CTL_MOD
            case .remove: EPOLL_CTL_DEL
            }
        }
    }

    static func make() throws(SystemError) -> FileDescriptor {
        FileDescriptor(rawValue: try checked("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
    }

    static func control(
        _ epoll: FileDescriptor, _ change: Change, _ descriptor: FileDescriptor, events: UInt32, token: UInt64
    ) throws(SystemError) {
        var event = epoll_event(events: events, data: epoll_data(u64: token))
        _ = try checked("epoll_ctl") { epoll_ctl(epoll.rawValue, change.code, descriptor.rawValue, &event) }
    }

    /// Fills `events` from its start; how many there are.
    @inline(__always)
    static func wait(_ epoll: FileDescriptor, into events: inout [epoll_event], timeoutMilliseconds: Int32) -> Int {
        let count = events.withUnsafeMutableBufferPointer { events in
            retryingInterrupts {
                epoll_wait(
                    epoll.rawValue, events.baseAddress, Int32(truncatingIfNeeded: events.count), timeoutMilliseconds)
            }
        }
        // What remains are a bad descriptor and a bad buffer, and the poller has neither.
        precondition(count >= 0, "epoll_wait")
        return Int(count)
    }
}
#endif
