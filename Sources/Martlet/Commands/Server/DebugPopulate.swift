// DEBUG POPULATE count [prefix] [size]: many strings at once, for tests and benchmarks.

enum DebugPopulate {
    /// Longer prefixes are cut, as Redis cuts them.
    private static let nameLimit = 127

    /// Replies OK. Keys that exist stay as they are. Nothing counts as changed.
    @Sendable
    static func populate(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let count = try number(arguments, at: 2)
        let size = arguments.count > 4 ? try number(arguments, at: 4) : 0
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

    private static func number(_ arguments: borrowing Arguments, at index: Int) throws(ReplyError) -> Int64 {
        let number = try arguments.integer(index, orThrow: .notPositive)
        guard number >= 0 else { throw .notPositive }
        return number
    }
}
