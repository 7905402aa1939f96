// Where another thread of the process is: a signal makes that thread write down its own stack.
//
//   who asks                       the thread that is asked
//   idle -> asked, the signal ->   asked -> writing, backtrace, writing -> done
//   done -> idle              <-
//
// The handler does nothing but what is safe there: it changes atomics, and calls backtrace(3), which has been called
// once before so that nothing is left to load. It takes no lock and no memory, and leaves errno as it was.
//
// The signal is SIGPROF, because Dispatch lets it through to its threads. It is not sent to the process but to one
// thread, which the caller keeps from ending meanwhile.

import Synchronization

#if canImport(Glibc)
import CMartletSystem
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A thread to ask. It must be alive when it is asked.
struct SampledThread: Sendable {
    #if canImport(Glibc)
    fileprivate let id: pthread_t

    static var current: SampledThread { SampledThread(id: pthread_self()) }
    #else
    static var current: SampledThread { SampledThread() }
    #endif
}

#if canImport(Glibc)
enum StackSampler {
    static let isSupported = true

    private enum Phase {
        static let idle = 0
        static let asked = 1
        static let writing = 2
        static let done = 3
        static let preparing = 4
    }

    private static let mostFrames = 100
    private static let phase = Atomic<Int>(0)
    /// Who is asked. A signal that comes late must not find another's question.
    private static let asked = Atomic<UInt>(0)
    private static let isEnabled = Mutex(false)
    /// What the thread writes; read when the phase is `done`. Never freed: a late handler may be at work with it.
    nonisolated(unsafe) private static let room =
        UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: mostFrames)
    private static let count = Atomic<Int>(0)
    /// Where the thread was when the signal came; 0 where that is not known.
    private static let counter = Atomic<UInt>(0)

    /// Puts the handler in its place, once. It stays there, and does nothing while nobody asks.
    static func enable() {
        isEnabled.withLock { isEnabled in
            guard !isEnabled else { return }
            isEnabled = true
            count.store(Int(backtrace(room, 1)), ordering: .relaxed)
            counter.store(0, ordering: .relaxed)
            asked.store(0, ordering: .relaxed)
            phase.store(Phase.idle, ordering: .releasing)
            var action = sigaction()
            action.__sigaction_handler.sa_sigaction = { _, _, context in StackSampler.write(context) }
            // The flags are bits, whatever type they come in.
            action.sa_flags = Int32(truncatingIfNeeded: SA_SIGINFO) | Int32(truncatingIfNeeded: SA_RESTART)
            sigaction(SIGPROF, &action, nil)
        }
    }

    /// False when another thread is being asked, or this one cannot be. `enable` comes first.
    static func ask(_ thread: SampledThread) -> Bool {
        // Done is what came when nobody waited for it any more.
        let isFree =
            phase.compareExchange(
                expected: Phase.idle, desired: Phase.preparing, ordering: .acquiringAndReleasing
            ).exchanged
            || phase.compareExchange(
                expected: Phase.done, desired: Phase.preparing, ordering: .acquiringAndReleasing
            ).exchanged
        guard isFree else { return false }
        asked.store(UInt(thread.id), ordering: .relaxed)
        phase.store(Phase.asked, ordering: .releasing)
        if pthread_kill(thread.id, SIGPROF) == 0 { return true }
        _ = phase.compareExchange(expected: Phase.asked, desired: Phase.idle, ordering: .relaxed)
        return false
    }

    /// Addresses of the thread that was asked, innermost first: where it was, then where each call returns to. Nil when
    /// no answer comes within a second: a thread that waits for the disk takes no signals.
    static func answer() -> [UInt]? {
        for _ in 0..<1000 where phase.load(ordering: .acquiring) != Phase.done {
            SystemTime.sleep(microseconds: 1000)
        }
        guard phase.load(ordering: .acquiring) == Phase.done else {
            // While it writes nobody else is asked.
            _ = phase.compareExchange(expected: Phase.asked, desired: Phase.idle, ordering: .relaxed)
            return nil
        }
        let frames = (0..<min(count.load(ordering: .relaxed), mostFrames)).map { UInt(bitPattern: room[$0]) }
        let counter = counter.load(ordering: .relaxed)
        phase.store(Phase.idle, ordering: .releasing)
        // Ahead of it stand the handler's own frames.
        return frames.firstIndex(of: counter).map { Array(frames[$0...]) } ?? frames
    }

    /// The handler.
    private static func write(_ context: UnsafeMutableRawPointer?) {
        guard phase.load(ordering: .acquiring) == Phase.asked, asked.load(ordering: .relaxed) == UInt(pthread_self()),
            phase.compareExchange(
                expected: Phase.asked, desired: Phase.writing, ordering: .acquiringAndReleasing
            ).exchanged
        else { return }
        let error = errno
        count.store(Int(backtrace(room, Int32(mostFrames))), ordering: .relaxed)
        counter.store(programCounter(context), ordering: .relaxed)
        phase.store(Phase.done, ordering: .releasing)
        errno = error
    }

    /// From the registers that the kernel has put onto the stack. A ucontext in bytes:
    ///
    ///     x86-64    flags 8, link 8, stack 24, then the registers, 8 each: the counter is number 16
    ///     arm64     flags 8, link 8, stack 24, mask 128, 8 to align, fault 8, 31 registers, sp 8, then the counter
    private static func programCounter(_ context: UnsafeMutableRawPointer?) -> UInt {
        #if arch(x86_64)
        context?.load(fromByteOffset: 40 + 16 * 8, as: UInt.self) ?? 0
        #elseif arch(arm64)
        context?.load(fromByteOffset: 176 + 8 + 31 * 8 + 8, as: UInt.self) ?? 0
        #else
        0
        #endif
    }
}
#else
/// Musl has no backtrace, and Darwin sends no signals to Dispatch's threads.
enum StackSampler {
    static let isSupported = false
    static func enable() {}
    static func ask(_ thread: SampledThread) -> Bool { false }
    static func answer() -> [UInt]? { nil }
}
#endif
