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
        var header: [[UInt8]?]
        if case .array(let values) = reply, values.count == SessionField.header.count {
            header = values.map(\.bytes)
        } else {
            header = Array(repeating: nil, count: SessionField.header.count)
            for pair in reply.pairs ?? [] {
                guard case .bulkString(let name) = pair.key, case .bulkString(let value) = pair.value, name.count > 1
                else { continue }
                if name[0] == UInt8(ascii: "@") {
                    if let place = SessionField.place(of: name) { header[place] = value }
                } else if name[1] == UInt8(ascii: "/") {
                    let rest = String(decoding: name.dropFirst(2), as: UTF8.self)
                    if name[0] == UInt8(ascii: "s") { sections[rest] = value }
                    if name[0] == UInt8(ascii: "n") { counters[rest] = Self.number(value) }
                }
            }
        }
        // A hash that lacks these was not written here.
        guard let version = Self.number(header[0]), let created = Self.number(header[1]),
            let accessed = Self.number(header[2]), let deadline = Self.number(header[3]),
            let idle = Self.number(header[5])
        else { return nil }
        (self.version, self.created, self.accessed) = (version, created, accessed)
        (self.deadline, self.idle, absolute) = (deadline, idle, Self.number(header[4]))
        principal = header[6].map { Principal(String(decoding: $0, as: UTF8.self)) }
        epoch = Self.number(header[7]) ?? 0
        metadata = header[8].flatMap(Self.metadata) ?? [:]
    }

    private static func number(_ bytes: [UInt8]?) -> Int64? {
        bytes.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
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
    func deadline(usedAt now: Int64, _ activity: ActivityLevel) -> Int64 {
        // An idle time is at most 10^14 ms.
        let idle = idle * Int64(activity.percentage) / 100
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
