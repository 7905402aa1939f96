// What no reply tells, or no command makes: how a key is kept, and a key that is no string.

import Testing

@testable import Martlet

extension TestServer {
    /// Calls `body` with the record of `key` in database 0, if there is one.
    @discardableResult
    func withRecord<Result: Sendable>(_ key: String, _ body: @Sendable (Record) -> Result) -> Result? {
        let bytes = Array(key.utf8)
        return inspect { $0.keyspace.value.lookup(bytes.span, in: 0, for: .inspect).map(body) }
    }

    /// Makes `key` hold something that commands for strings must refuse.
    func plantList(_ key: String) throws {
        try run("SET \(key) element")
        withRecord(key) { $0.kind = ValueKind(type: .list, encoding: .raw).byte }
    }

    /// Name of the encoding of `key`; nil when there is no such key.
    func encoding(_ key: String) -> String? { withRecord(key) { "\($0.valueKind.encoding.name)" } }

    /// Where `key` is kept.
    func address(_ key: String) -> UInt? { withRecord(key) { UInt(bitPattern: $0.address) } }

    /// When `key` is to vanish; nil without a deadline.
    func deadline(_ key: String) -> Int64? { withRecord(key) { $0.hasDeadline ? $0.deadline : nil } ?? nil }

    /// Sends each line and compares by how much it made the count of changes grow.
    func expectChanges(
        _ steps: KeyValuePairs<String, Int>, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for (line, changes) in steps {
            let before = dirty
            try run(line)
            let grown = dirty - before
            #expect(grown == changes, "\(line)", sourceLocation: sourceLocation)
        }
    }
}

extension RESPValue {
    static let syntaxError = RESPValue.error("ERR syntax error")
    static let notInteger = RESPValue.error("ERR value is not an integer or out of range")
    static let notFloat = RESPValue.error("ERR value is not a valid float")
    static let tooLong = RESPValue.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")

    /// A bulk string.
    static func text(_ text: String) -> RESPValue { .bulkString(Array(text.utf8)) }
}
