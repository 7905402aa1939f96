// The error's texts, which reach the log.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct SystemErrorTests {
    @Test func describesCallAndReason() {
        let error = SystemError(errno: EADDRINUSE, operation: "bind")
        #expect(error.errno == EADDRINUSE)
        #expect(error.message == "Address already in use")
        #expect(error.description == "bind: Address already in use")
    }

    @Test func lookupFailureIsItsMessageAlone() {
        let error = SystemError(resolverCode: EAI_NONAME)
        #expect(error.errno == 0)
        #expect(error.description == error.message)
        #expect(!error.message.isEmpty)
    }

    @Test func equalityLooksAtBothParts() {
        #expect(SystemError(errno: EPIPE, operation: "send") == SystemError(errno: EPIPE, operation: "send"))
        #expect(SystemError(errno: EPIPE, operation: "send") != SystemError(errno: EPIPE, operation: "write"))
        #expect(SystemError(errno: EPIPE, operation: "send") != SystemError(errno: EIO, operation: "send"))
        #expect(SystemError(errno: EAI_NONAME, operation: "getaddrinfo") != SystemError(resolverCode: EAI_NONAME))
    }
}
