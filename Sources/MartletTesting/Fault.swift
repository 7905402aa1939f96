// What goes wrong on purpose.

import Martlet

/// A fault and what it meets: commands, clients that come, or writes to files.
///
/// ```swift
/// try await fake.with(Fault(.error(.loading), on: "GET", "user:*", when: .next)) {
///     try await service.load("user:1")
/// }
/// ```
public struct Fault: Sendable {
    /// What happens to a command.
    public enum Effect: Sendable, Equatable {
        /// It is not executed, and this is the reply.
        case error(FaultError)
        /// It is executed, and the reply comes so much later by the fake's clock.
        case delay(Duration)
        /// It is not executed, and the connection ends.
        case cutBefore
        /// It is executed, and the connection ends without a reply.
        case cutAfter
        /// It is executed, and the connection ends in the midst of the reply.
        case halfReply
        /// A client that comes is not let in.
        case refuseConnections
        /// What the fake writes to its files does not fit: saves fail, and writes if there is an append only file.
        case fullDisk
    }

    /// Which of the matching commands, clients or writes are met.
    public enum Occurrence: Sendable, Equatable {
        /// The next one.
        case next
        /// The one with this number, from 1.
        case nth(Int)
        /// So many from now on.
        case first(Int)
        /// Each.
        case every
    }

    /// What happens.
    public let effect: Effect
    /// Patterns of the command's first words, in the manner of KEYS; the name in either case. None: every command.
    public let words: [String]
    /// Which of the matching ones are met.
    public let occurrence: Occurrence

    /// A fault for commands that begin with these words, or for all.
    public init(_ effect: Effect, on words: String..., when occurrence: Occurrence = .every) {
        self.effect = effect
        self.words = words
        self.occurrence = occurrence
    }

    var rule: FaultRule {
        let met: FaultEffect =
            switch effect {
            case .error(let error): .meet(.error(error.text))
            case .delay(let duration): .meet(.delay(milliseconds: duration.milliseconds))
            case .cutBefore: .meet(.cutBefore)
            case .cutAfter: .meet(.cutAfter)
            case .halfReply: .meet(.halfReply)
            case .refuseConnections: .refuseConnection
            case .fullDisk: .fullDisk
            }
        switch occurrence {
        case .next: return FaultRule(met, words: words, limit: 1)
        case .nth(let number): return FaultRule(met, words: words, skipped: max(number, 1) - 1, limit: 1)
        case .first(let count): return FaultRule(met, words: words, limit: max(count, 0))
        case .every: return FaultRule(met, words: words)
        }
    }
}

/// An error reply.
public struct FaultError: Sendable, Equatable {
    /// The line without its leading `-`.
    public let text: String

    /// An error of these words; the first is its code.
    public init(_ text: String) { self.text = text }

    /// The server reads its data.
    public static let loading = FaultError("LOADING Redis is loading the dataset in memory")
    /// The server is a replica.
    public static let readOnly = FaultError("READONLY You can't write against a read only replica.")
    /// There is no memory left.
    public static let outOfMemory = FaultError("OOM command not allowed when used memory > 'maxmemory'.")
    /// The client has not said who it is.
    public static let noAuthentication = FaultError("NOAUTH Authentication required.")
    /// A part of the cluster is gone.
    public static let clusterDown = FaultError("CLUSTERDOWN Hash slot not served")
    /// Keys of one command lie on two servers for the moment.
    public static let tryAgain = FaultError("TRYAGAIN Multiple keys request during rehashing of slot")
    /// A script runs for too long.
    public static let busy = FaultError(
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.")

    /// Another server of the cluster keeps the slot.
    public static func moved(slot: Int, to endpoint: String) -> FaultError { FaultError("MOVED \(slot) \(endpoint)") }

    /// Another server of the cluster is about to keep the slot.
    public static func ask(slot: Int, at endpoint: String) -> FaultError { FaultError("ASK \(slot) \(endpoint)") }
}

/// What a fault has done.
public struct FaultReport: Sendable, CustomStringConvertible {
    /// As FAKE FAULT names it.
    public let effect: String
    /// The patterns of the commands.
    public let words: [String]
    /// How many commands, clients or writes matched.
    public let matched: Int
    /// How many of them were met.
    public let fired: Int
    /// Whether it still stands.
    public let isActive: Bool

    /// For a test's log.
    public var description: String {
        let commands = words.isEmpty ? "" : " on " + words.joined(separator: " ")
        return "\(effect)\(commands): met \(fired) of \(matched)\(isActive ? "" : ", removed")"
    }
}

extension MartletFake {
    /// Lets a fault stand until it is removed.
    ///
    /// - Returns: what removes it.
    @discardableResult
    public func add(_ fault: Fault) -> FaultToken { FaultToken(control: control, id: control.add(fault.rule)) }

    /// Lets faults stand while `body` runs.
    public func with<Value>(_ faults: Fault..., perform body: () async throws -> Value) async rethrows -> Value {
        let tokens = faults.map(add)
        defer { for token in tokens { token.remove() } }
        return try await body()
    }

    /// All faults that there were since the last reset, oldest first, with what they did.
    public var faults: [FaultReport] {
        control.faults.map {
            FaultReport(
                effect: $0.rule.effect.text, words: $0.rule.words, matched: $0.seen, fired: $0.fired,
                isActive: $0.isActive)
        }
    }
}

/// A fault that stands.
public struct FaultToken: Sendable {
    let control: FakeControl
    let id: Int

    /// Takes the fault away.
    public func remove() { control.remove(id) }
}
