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
    /// No section of it slides away sooner after the last use; nil: none slides.
    var sliding: Int64?
    var metadata: [String: String]
    var sections = SectionList()
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
        var header: [[UInt8]?] = [nil, nil, nil]
        var (sections, counters) = (SectionList(), [String: Int64]())
        if case .array(let values) = reply, values.count == header.count {
            header = values.map(\.bytes)
        } else {
            for pair in reply.pairs ?? [] {
                guard case .bulkString(let name) = pair.key, case .bulkString(let value) = pair.value, name.count > 1
                else { continue }
                switch (name[0], name[1]) {
                case (UInt8(ascii: "s"), UInt8(ascii: "/")): sections.append(Self.text(name.dropFirst(2)), value)
                case (UInt8(ascii: "n"), UInt8(ascii: "/")):
                    counters[Self.text(name.dropFirst(2))] = Int64(Self.text(value[...]))
                case (UInt8(ascii: "@"), UInt8(ascii: "t")): header[0] = value
                case (UInt8(ascii: "@"), UInt8(ascii: "u")): header[1] = value
                case (UInt8(ascii: "@"), UInt8(ascii: "m")): header[2] = value
                default: continue
                }
            }
        }
        // A hash that lacks these was not written here.
        guard let times = header[0].flatMap({ Self.numbers($0) }), times.count >= 6, (0..<1 << 50).contains(times[4])
        else {
            return nil
        }
        (version, created) = (times[0], times[1])
        accessed = created + times[2]
        (idle, epoch) = (times[4], times[5])
        deadline = accessed + idle + times[3]
        absolute = times.count > 6 && times[6] != SessionField.noLimit ? times[1] + times[6] : nil
        sliding = times.count > 7 ? max(times[7], 1) : nil
        principal = header[1].map { Principal(Self.text($0[...])) }
        metadata = header[2].flatMap(Self.metadata) ?? [:]
        self.sections = sections
        self.counters = counters
    }

    /// The numbers that a session of this kind has in the field of its times.
    var times: String {
        var numbers = [version, created, accessed - created, deadline - accessed - idle, idle, epoch]
        if absolute != nil || sliding != nil { numbers.append(absolute.map { $0 - created } ?? SessionField.noLimit) }
        if let sliding { numbers.append(sliding) }
        return numbers.map(String.init).joined(separator: " ")
    }

    private static func numbers(_ bytes: [UInt8]) -> [Int64]? {
        var numbers: [Int64] = []
        numbers.reserveCapacity(7)
        var start = 0
        while start <= bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: " ") { end += 1 }
            // So that a sum of some is a number, too.
            guard let number = parseInt64(bytes.span.extracting(start..<end)), number.magnitude < 1 << 60 else {
                return nil
            }
            numbers.append(number)
            start = end + 1
        }
        return numbers
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func metadata(_ bytes: [UInt8]) -> [String: String]? {
        try? JSONDecoder().decode([String: String].self, from: Data(bytes))
    }

    static func bytes(_ metadata: [String: String]) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts can always be encoded.
        return [UInt8]((try? encoder.encode(metadata)) ?? Data("{}".utf8))
    }

    /// A section's value; nil when there is none or its time is over. `handle` is that of the session. What is decoded
    /// is kept in `decoded`, which belongs to this record.
    func value<Value>(
        _ section: SessionSection<Value>, of handle: SessionHandle, at now: Int64, _ packing: Envelope.Packing,
        decoded: DecodedSections? = nil
    ) throws(SessionError) -> Value? {
        guard let envelope = sections[section.name] else { return nil }
        if isOver(envelope, at: now) { return nil }
        if let value = decoded?.value(of: section) { return value }
        do throws(SessionError) {
            let value = try Envelope.unpack(
                Value.self, from: envelope, context: SessionDraft.context(handle, section.name), packing)
            decoded?.keep(value, of: section)
            return value
        } catch {
            packing.damaged()
            throw error
        }
    }

    /// Whether it may still be used at `now`, in a time when the user's epoch is `epoch`.
    func isAlive(at now: Int64, epoch: Int64) -> Bool { end(at: now, epoch: epoch) == nil }

    private func end(at now: Int64, epoch: Int64) -> SessionError.MissingReason? {
        if principal != nil, self.epoch < epoch { return .revoked }
        return now < deadline && now < absolute ?? .max ? nil : .expired
    }

    /// The session of this reply, if it is alive.
    ///
    /// - Throws: ``SessionError`` with the code `missing`.
    static func living(_ reply: RESPValue, at now: Int64, epoch: Int64) throws(SessionError) -> SessionRecord {
        guard let record = SessionRecord(reply) else { throw .missing() }
        if let reason = record.end(at: now, epoch: epoch) { throw .missing(reason) }
        return record
    }

    /// The deadline when it is used at `now`: never an earlier one, never beyond the latest.
    func deadline(usedAt now: Int64, _ activity: ActivityLevel) -> Int64 {
        // An idle time is at most 10^14 ms.
        let idle = idle * Int64(activity.percentage) / 100
        return min(max(deadline, now + idle), absolute ?? .max)
    }

    // MARK: Ends of sections

    /// Whether the time of this session's section is over.
    func isOver(_ envelope: [UInt8], at now: Int64) -> Bool {
        Envelope.end(of: envelope)?.isOver(at: now, lastUse: accessed) ?? false
    }

    /// A section has come that may slide.
    mutating func noteSliding(_ envelope: [UInt8]) {
        guard let time = Envelope.end(of: envelope)?.sliding else { return }
        sliding = min(sliding ?? .max, time)
    }

    /// Of a record with all its sections: takes those away whose time is over, and says which.
    mutating func dropSections(overAt now: Int64) -> [String] {
        var (kept, over) = (SectionList(), [String]())
        sliding = nil
        for (name, envelope) in sections {
            if isOver(envelope, at: now) {
                over.append(name)
            } else {
                kept.append(name, envelope)
                noteSliding(envelope)
            }
        }
        sections = kept
        return over
    }

    /// The same after a use whose times are those of `header`, which took away what had slid until then.
    func touched(as header: SessionRecord) -> SessionRecord {
        var record = self
        if sliding != nil { _ = record.dropSections(overAt: header.accessed) }
        record.accessed = header.accessed
        record.deadline = header.deadline
        return record
    }

    /// How long it may be left alone until it, or a section of it, is gone.
    var shortestIdle: Int64 { min(idle, sliding ?? .max) }

    /// All fields, as HSET takes them.
    var words: [any RESPArgument] {
        var words: [any RESPArgument] = [SessionField.times, times]
        if let principal { words += [SessionField.principal, principal.id] }
        if !metadata.isEmpty { words += [SessionField.metadata, Self.bytes(metadata)] }
        for (name, value) in sections { words += [SessionField.section(name), value] }
        for (name, value) in counters { words += [SessionField.counter(name), Int(value)] }
        return words
    }
}
