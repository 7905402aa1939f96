// DEBUG POPULATE count [prefix] [size]: many strings at once, for tests and benchmarks.

enum DebugPopulate {
    /// Longer prefixes are cut, as Redis cuts them.
    private static let nameLimit = 127

    /// Replies OK. Keys that exist stay as they are. Nothing counts as changed.
    @Sendable
    static func populate(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let count = try arguments.integer(2, in: 0...Int64.max, orThrow: .notPositive)
        let size = arguments.count > 4 ? try arguments.integer(4, in: 0...Int64.max, orThrow: .notPositive) : 0
        guard size <= call.configuration.protoMaxBulkLength else { throw .stringTooLong }
        let prefix = arguments.count > 3 ? Array(arguments[3].copied().prefix { $0 != 0 }) : Array("key".utf8)
        for number in 0..<count {
            let name = Array((prefix + Array(":\(number)".utf8)).prefix(nameLimit))
            guard call.lookup(name.span, for: .write) == nil else { continue }
            var value = Array("value:\(number)".utf8)
            if size > 0 {
                let missing = max(0, Int(size) - value.count)
                value = value.prefix(Int(size)) + [UInt8](repeating: 0, count: missing)
            }
            call.keyspace.setString(name.span, to: value.span, in: call.database)
        }
        call.reply.ok()
    }
}
