// What a failed system call reports: the number, and which call it was.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Numbers that those report who only play the system.
enum ErrorNumber {
    static let noSpace = ENOSPC
    static let inputOutput = EIO
    static let accessDenied = EACCES
    static let noSuchFile = ENOENT
}

/// A system call, or an address lookup, that failed.
struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    private enum Cause: Equatable {
        case errno(Int32)
        /// A code of getaddrinfo's own family (`EAI_...`).
        case resolver(Int32)
    }

    private let cause: Cause
    /// The call, as its manual page names it.
    let operation: StaticString

    init(errno: Int32, operation: StaticString) {
        cause = .errno(errno)
        self.operation = operation
    }

    /// `code` is getaddrinfo's result.
    init(resolverCode code: Int32) {
        operation = "getaddrinfo"
        cause = .resolver(code)
    }

    /// Whether the process or the system may open no more.
    var isOutOfDescriptors: Bool { errno == EMFILE || errno == ENFILE }

    /// What a read is told when the other side is gone.
    static var connectionReset: SystemError { SystemError(errno: ECONNRESET, operation: "recv") }

    /// The error number; 0 when the failure was an address lookup, which has none.
    var errno: Int32 {
        switch cause {
        case .errno(let number): number
        case .resolver: 0
        }
    }

    /// The C library's words for the error, such as "Address already in use".
    var message: String {
        switch cause {
        // strerror formats into shared memory only for numbers that it does not know.
        case .errno(let number): Self.text(strerror(number))
        case .resolver(let code): Self.text(gai_strerror(code))
        }
    }

    /// "bind: Address already in use". A failed lookup is its message alone, as in Redis's log.
    var description: String {
        switch cause {
        case .errno: "\(operation): \(message)"
        case .resolver: message
        }
    }

    static func == (left: SystemError, right: SystemError) -> Bool {
        left.cause == right.cause && left.operation.description == right.operation.description
    }

    private static func text(_ message: UnsafePointer<CChar>?) -> String {
        message.map { String(cString: $0) } ?? "Unknown error"
    }
}
