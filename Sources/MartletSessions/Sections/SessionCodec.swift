// Values to bytes and back. JSON unless somebody brings something else.

import Foundation

/// Turns values into bytes.
public protocol SessionCodec: Sendable {
    /// Written in front of the bytes, so that a reader knows who wrote them; 1 to 127 are free for applications.
    var identifier: UInt8 { get }
    /// The value's bytes.
    func encode<Value: Encodable>(_ value: Value) throws -> [UInt8]
    /// The value of bytes that this codec wrote.
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value
}

/// JSON with sorted keys and dates in milliseconds since 1970.
public struct JSONSessionCodec: SessionCodec {
    /// 0
    public let identifier: UInt8 = 0

    /// The codec.
    public init() {}

    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .millisecondsSince1970
        return encoder
    }()

    private static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .millisecondsSince1970
        return decoder
    }()

    /// The value's bytes.
    public func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] {
        [UInt8](try Self.encoder.encode(value))
    }

    /// The value of bytes that this codec wrote.
    public func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try Self.decoder.decode(type, from: Data(bytes))
    }
}

extension SessionCodec where Self == JSONSessionCodec {
    /// JSON.
    public static var json: JSONSessionCodec { JSONSessionCodec() }
}

/// The seam for encryption at rest: an authenticated cipher of a library that the application trusts.
public protocol SessionCipher: Sendable {
    /// The bytes, readable and changeable only for those who know the key. `context` must be the same when they are
    /// opened; it is not part of the result.
    func seal(_ bytes: [UInt8], context: [UInt8]) throws -> [UInt8]
    /// What was sealed. Throws when key, bytes or context are others.
    func open(_ bytes: [UInt8], context: [UInt8]) throws -> [UInt8]
}
