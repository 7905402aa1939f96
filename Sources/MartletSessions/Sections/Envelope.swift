// A section's bytes with what is needed to read them again.
//
//   4D 01 flags codec  deadline: 8 bytes, big end first, ms since 1970 or 0  payload
//
//   flags   1: compressed: the payload begins with its length before, 4 bytes, big end first
//           2: encrypted, after compression
//
// A program that does not know a flag or the version says so instead of misreading.

import Martlet

struct Envelope {
    private static let magic: UInt8 = 0x4D
    private static let version: UInt8 = 1
    private static let isCompressed: UInt8 = 1
    private static let isEncrypted: UInt8 = 2
    private static let headCount = 12

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
        _ value: Value, deadline: Int64?, context: @autoclosure () -> [UInt8], limit: Int?, _ packing: Packing
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
        var flags: UInt8 = 0
        if let threshold = packing.compressionThreshold, payload.count > threshold,
            let compressed = SmallCompression.compress(payload)
        {
            flags |= isCompressed
            payload = bytes(of: Int64(payload.count), width: 4) + compressed
        }
        if let cipher = packing.cipher {
            flags |= isEncrypted
            do {
                payload = try cipher.seal(payload, context: context())
            } catch {
                throw SessionError(.integrity, "A section cannot be encrypted")
            }
        }
        return [magic, version, flags, packing.codec.identifier] + bytes(of: deadline ?? 0, width: 8) + payload
    }

    /// When the section is gone; nil: with its session. Of bytes that are no envelope, too.
    static func deadline(of envelope: [UInt8]) -> Int64? {
        guard envelope.count >= headCount else { return nil }
        let value = number(envelope[4..<headCount])
        return value == 0 ? nil : value
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
        guard envelope.count >= headCount, envelope[0] == magic, envelope[1] == version,
            envelope[2] & ~(isCompressed | isEncrypted) == 0, envelope[3] == packing.codec.identifier
        else { throw SessionError(.undecodable, "A section was written in another format") }
        var payload = Array(envelope[headCount...])
        if envelope[2] & isEncrypted != 0 {
            guard let cipher = packing.cipher else {
                throw SessionError(.integrity, "A section is encrypted and there is no key")
            }
            do {
                payload = try cipher.open(payload, context: context())
            } catch {
                throw SessionError(.integrity, "A section is not what was encrypted")
            }
        }
        return envelope[2] & isCompressed != 0 ? try expand(payload, packing) : payload
    }

    /// The same section for a session of another id.
    static func move(
        _ envelope: [UInt8], from old: [UInt8], to new: [UInt8], _ packing: Packing
    ) throws(SessionError) -> [UInt8] {
        guard envelope.count >= headCount, envelope[2] & isEncrypted != 0 else { return envelope }
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
        guard payload.count >= 4 else { throw SessionError(.undecodable, "A section is cut off") }
        let count = number(payload[..<4])
        guard count <= packing.largest else { throw SessionError(.tooLarge, "A section expands beyond the limit") }
        guard let bytes = SmallCompression.decompress(Array(payload[4...]), count: Int(count)) else {
            throw SessionError(.undecodable, "A section's compression is broken")
        }
        return bytes
    }

    private static func bytes(of number: Int64, width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> Int64(8 * (width - 1 - $0))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}
