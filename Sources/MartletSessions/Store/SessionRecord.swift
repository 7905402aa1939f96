// A session as the server holds it.

import Foundation
import Martlet

struct SessionRecord: Equatable, Sendable {
    var version: Int64
    let created: Int64
    var accessed: Int64
    var deadline: Int64
    let absolute: Int64?
    let idle: Int64
    var principal: Principal?
    var epoch: Int64
    var metadata: [String: String]
    var sections: [String: [UInt8]] = [:]
    var counters: [String: Int64] = [:]

    init(principal: Principal?, lifetime: SessionLifetime, now: Int64, epoch: Int64, metadata: [String: String]) {
        version = 1
        created = now
        accessed = now
        idle = max(lifetime.idle.milliseconds, 1)
        absolute = lifetime.absolute.map { now + max($0.milliseconds, 1) }
        deadline = min(now + idle, absolute ?? .max)
        self.principal = principal
        self.epoch = epoch
        self.metadata = metadata
    }

    /// From the reply to HGETALL, or to HMGET of `SessionField.header`; nil when there is no session.
    init?(_ reply: RESPValue) {
        var fields: [String: [UInt8]] = [:]
        if case .array(let values) = reply, values.count == SessionField.header.count {
            for (name, value) in zip(SessionField.header, values) { fields[name] = value.bytes }
        } else {
            for pair in reply.pairs ?? [] { fields[pair.key.string ?? ""] = pair.value.bytes }
        }
        func text(_ name: String) -> String? { fields[name].map { String(decoding: $0, as: UTF8.self) } }
        func number(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }
        // A hash that lacks these was not written here.
        guard let version = number(SessionField.version), let created = number(SessionField.created),
            let accessed = number(SessionField.accessed), let deadline = number(SessionField.deadline),
            let idle = number(SessionField.idle)
        else { return nil }
        (self.version, self.created, self.accessed) = (version, created, accessed)
        (self.deadline, self.idle, absolute) = (deadline, idle, number(SessionField.absolute))
        principal = text(SessionField.principal).map { Principal($0) }
        epoch = number(SessionField.epoch) ?? 0
        metadata = fields[SessionField.metadata].flatMap(Self.metadata) ?? [:]
        for (name, value) in fields {
            if name.hasPrefix("s/") { sections[String(name.dropFirst(2))] = value }
            if name.hasPrefix("n/") { counters[String(name.dropFirst(2))] = number(name) }
        }
    }

    private static func metadata(_ bytes: [UInt8]) -> [String: String]? {
        try? JSONDecoder().decode([String: String].self, from: Data(bytes))
    }

    static func bytes(_ metadata: [String: String]) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts can always be encoded.
        return [UInt8]((try? encoder.encode(metadata)) ?? Data("{}".utf8))
    }

    /// Whether it may still be used at `now`, in a time when the user's epoch is `epoch`.
    func isAlive(at now: Int64, epoch: Int64) -> Bool {
        now < deadline && now < absolute ?? .max && (principal == nil || self.epoch >= epoch)
    }

    /// The deadline when it is used at `now`: never an earlier one, never beyond the latest.
    func deadline(usedAt now: Int64, percentage: Int) -> Int64 {
        let idle = self.idle / 100 * Int64(percentage) + self.idle % 100 * Int64(percentage) / 100
        return min(max(deadline, now + idle), absolute ?? .max)
    }

    /// All fields, as HSET takes them.
    var words: [any RESPArgument] {
        var words: [any RESPArgument] = [
            SessionField.version, Int(version), SessionField.created, Int(created), SessionField.accessed,
            Int(accessed), SessionField.deadline, Int(deadline), SessionField.idle, Int(idle),
        ]
        if let absolute { words += [SessionField.absolute, Int(absolute)] }
        if let principal { words += [SessionField.principal, principal.id, SessionField.epoch, Int(epoch)] }
        if !metadata.isEmpty { words += [SessionField.metadata, Self.bytes(metadata)] }
        for (name, value) in sections { words += [SessionField.section(name), value] }
        for (name, value) in counters { words += [SessionField.counter(name), Int(value)] }
        return words
    }
}
