// The one loop that repeats interrupted calls, and the calls that FileDescriptor's methods would shadow.
//
// Every call here answers in the kernel's own convention: a result of zero or more, or the negated errno. errno
// is thereby read right after the call, before anything else can overwrite it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The call's result, or its negated errno; repeated for as long as a signal interrupts it.
@inline(__always)
func retryingInterrupts<Result: FixedWidthInteger & SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { return Result(-code) }
    }
}

/// As `retryingInterrupts`, for calls that fail by a negative result and have nothing else to say.
@inline(__always)
func checked(_ operation: StaticString, _ call: () -> Int32) throws(SystemError) -> Int32 {
    let result = retryingInterrupts(call)
    if result < 0 { throw SystemError(errno: -result, operation: operation) }
    return result
}

@inline(__always)
func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    retryingInterrupts { read(descriptor, buffer, count) }
}

@inline(__always)
func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    retryingInterrupts { write(descriptor, bytes, count) }
}

@inline(__always)
func systemReceive(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    retryingInterrupts { recv(descriptor, buffer, count, 0) }
}

@inline(__always)
func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    retryingInterrupts { send(descriptor, bytes, count, Platform.sendFlags) }
}

@inline(__always)
func systemSendMessage(_ descriptor: Int32, _ message: UnsafePointer<msghdr>) -> Int {
    retryingInterrupts { sendmsg(descriptor, message, Platform.sendFlags) }
}

func systemOpen(_ path: String, _ flags: Int32, _ permissions: mode_t) -> Int32 {
    retryingInterrupts { open(path, flags | O_CLOEXEC, permissions) }
}

/// Not repeated when interrupted: the descriptor is gone all the same, and its number may be another thread's by now.
func systemClose(_ descriptor: Int32) -> Int32 {
    close(descriptor) == 0 ? 0 : -errno
}
