// A section's bytes with what is needed to read them again.
//
//   version and flags  codec  [deadline: 6 bytes, big end first, ms since 1970  [sliding time: 6 bytes, ms]]  payload
//
//   high half of the first byte: the version, 1; the low half:
//
//           1: compressed as TextCompression has it: the payload begins with its length before, 7 bits a byte, low
//              ones first, the eighth bit set in all but the last
//           2: encrypted, after compression
//           4: there is a deadline
//           8: and a sliding time, only with 4: the section is gone so long after its session was last used, but not
//              before the deadline, which is so long after it was written. A use needs not write it anew.
//
// A program that does not know a flag or the version says so instead of misreading.

import Martlet

struct Envelope {
    private static let version: UInt8 = 1 << 4
    private static let isCompressed: UInt8 = 1
    private static let isEncrypted: UInt8 = 2
    private static let hasDeadline: UInt8 = 4
    private static let slides: UInt8 = 8
    /// Both bytes ahead of everything.
    private static let shortestHead = 2
    /// Enough for all times that a `Date` of the store may be.
    private static let timeCount = 6

    /// When a section is gone although its session lives. Times are in ms.
    struct End: Equatable, Sendable {
        let deadline: Int64
        /// So long after the session's last use, if that is later.
        let sliding: Int64?

        /// Of a section that is written at `now`.
        init(_ duration: Duration, after now: Int64, slides: Bool) {
            let time = min(max(duration.milliseconds, 0), SessionField.latestDeadline)
            deadline = min(now + time, SessionField.latestDeadline)
            sliding = slides && time > 0 ? time : nil
        }

        fileprivate init(deadline: Int64, sliding: Int64?) {
            self.deadline = deadline
            self.sliding = sliding
        }

        /// At `now`, for a session that was last used at `use`.
        func isOver(at now: Int64, lastUse use: Int64) -> Bool {
            deadline <= now && (sliding.map { use + $0 <= now } ?? true)
        }
    }

    /// How sections are packed.
    struct Packing: Sendable {
        let codec: any SessionCodec
        /// From so many bytes on; nil: never.
        let compressionThreshold: Int?
        let cipher: (any SessionCipher)?
        let largest: Int
        /// Told of bytes that cannot be read.
        let damaged: @Sendable () -> Void
    }

    static func pack<Value: Encodable>(
        _ value: Value, end: End?, context: @autoclosure () -> [UInt8], limit: Int?, _ packing: Packing
    ) throws(SessionError) -> [UInt8] {
        var payload: [UInt8]
        do {
            payload = try packing.codec.encode(value)
        } catch {
            throw SessionError(.undecodable, "A section cannot be encoded: \(type(of: error))")
        }
        guard payload.count <= min(limit ?? .max, packing.largest) else {
            throw SessionError(.tooLarge, "A section of \(payload.count) bytes is larger than its limit")
        }
        var flags = version
        if let threshold = packing.compressionThreshold, payload.count > threshold {
            let packed = length(payload.count) + TextCompression.compress(payload)
            if packed.count < payload.count {
                flags |= isCompressed
                payload = packed
            }
        }
        if let cipher = packing.cipher {
            flags |= isEncrypted
            do {
                payload = try cipher.seal(payload, context: context())
            } catch {
                throw SessionError(.integrity, "A section cannot be encrypted")
            }
        }
        guard let end else { return [flags, packing.codec.identifier] + payload }
        flags |= end.sliding == nil ? hasDeadline : hasDeadline | slides
        let times = [end.deadline] + (end.sliding.map { [$0] } ?? [])
        return [flags, packing.codec.identifier] + times.flatMap { bytes(of: $0, width: timeCount) } + payload
    }

    /// Nil for bytes that are no envelope.
    private static func headCount(of envelope: [UInt8]) -> Int? {
        let known = isCompressed | isEncrypted | hasDeadline | slides
        guard envelope.count >= shortestHead, envelope[0] & ~known == version else { return nil }
        let times: Int
        switch envelope[0] & (hasDeadline | slides) {
        case 0: times = 0
        case hasDeadline: times = 1
        case hasDeadline | slides: times = 2
        default: return nil
        }
        let count = shortestHead + times * timeCount
        return envelope.count >= count ? count : nil
    }

    /// When the section is gone; nil: with its session. Of bytes that are no envelope, too.
    static func end(of envelope: [UInt8]) -> End? {
        guard let headCount = headCount(of: envelope), headCount > shortestHead else { return nil }
        let second = shortestHead + timeCount
        return End(
            deadline: number(envelope[shortestHead..<second]),
            sliding: headCount > second ? number(envelope[second..<headCount]) : nil)
    }

    static func unpack<Value: Decodable>(
        _ type: Value.Type, from envelope: [UInt8], context: @autoclosure () -> [UInt8], _ packing: Packing
    ) throws(SessionError) -> Value {
        let payload = try payload(of: envelope, context: context(), packing)
        do {
            return try packing.codec.decode(type, from: payload)
        } catch {
            throw SessionError(.undecodable, "A section is not of the type \(type)")
        }
    }

    /// What the codec wrote.
    static func payload(
        of envelope: [UInt8], context: @autoclosure () -> [UInt8], _ packing: Packing
    ) throws(SessionError) -> [UInt8] {
        guard let headCount = headCount(of: envelope), envelope[1] == packing.codec.identifier else {
            throw SessionError(.undecodable, "A section was written in another format")
        }
        var payload = Array(envelope[headCount...])
        if envelope[0] & isEncrypted != 0 {
            guard let cipher = packing.cipher else {
                throw SessionError(.integrity, "A section is encrypted and there is no key")
            }
            do {
                payload = try cipher.open(payload, context: context())
            } catch {
                throw SessionError(.integrity, "A section is not what was encrypted")
            }
        }
        return envelope[0] & isCompressed != 0 ? try expand(payload, packing) : payload
    }

    /// The same section for a session of another id.
    static func move(
        _ envelope: [UInt8], from old: [UInt8], to new: [UInt8], _ packing: Packing
    ) throws(SessionError) -> [UInt8] {
        guard let headCount = headCount(of: envelope), envelope[0] & isEncrypted != 0 else { return envelope }
        guard let cipher = packing.cipher else {
            throw SessionError(.integrity, "A section is encrypted and there is no key")
        }
        do {
            let payload = try cipher.open(Array(envelope[headCount...]), context: old)
            return Array(envelope[..<headCount]) + (try cipher.seal(payload, context: new))
        } catch {
            throw SessionError(.integrity, "A section is not what was encrypted")
        }
    }

    /// The length is believed within the limit only: a few bytes may claim to be gigabytes.
    private static func expand(_ payload: [UInt8], _ packing: Packing) throws(SessionError) -> [UInt8] {
        var (count, used) = (0, 0)
        repeat {
            guard used < min(payload.count, 5) else { throw SessionError(.undecodable, "A section is cut off") }
            count |= Int(payload[used] & 0x7F) << (7 * used)
            used += 1
        } while payload[used - 1] & 0x80 != 0
        guard count <= packing.largest else { throw SessionError(.tooLarge, "A section expands beyond the limit") }
        guard let bytes = TextCompression.expand(payload, from: used, count: count) else {
            throw SessionError(.undecodable, "A section's compression is broken")
        }
        return bytes
    }

    private static func length(_ count: Int) -> [UInt8] {
        var (rest, bytes) = (count, [UInt8]())
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }

    /// Of a number that has no such width, the nearest that has.
    private static func bytes(of number: Int64, width: Int) -> [UInt8] {
        let number = min(max(number, 0), 1 << Int64(8 * width) - 1)
        return (0..<width).map { UInt8(truncatingIfNeeded: number >> Int64(8 * (width - 1 - $0))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}
