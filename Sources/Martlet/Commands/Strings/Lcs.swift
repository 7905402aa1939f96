// LCS key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]

enum LcsCommand {
    static let spec = CommandSpec(
        "lcs", summary: "Finds the longest common subsequence of two strings.", since: "7.0.0", group: .string,
        complexity: "O(N*M), N and M being the lengths of the strings", arity: -3, flags: .readonly,
        categories: .string,
        keys: [KeySpec([.readOnly, .access], begin: .index(1), find: .range(last: 1, step: 1, limit: 0))],
        arguments: [
            .key("key1"), .key("key2"), .token("LEN", .optional), .token("IDX", .optional),
            ArgumentSpec("len", .integer, token: "MINMATCHLEN", .optional), .token("WITHMATCHLEN", .optional),
        ], handler: run)

    private struct Options {
        var wantsLength = false
        var wantsMatches = false
        var showsMatchLengths = false
        var minimumMatchLength = 0
    }

    /// Replies with the subsequence, its length (LEN), or a map of its pieces and its length (IDX). A missing key
    /// counts as an empty string.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        // Looking up the second key may remove it, which leaves the record of the first where it is.
        let first = call.lookup(arguments[1])
        let second = call.lookup(arguments[2])
        guard first?.isString ?? true, second?.isString ?? true else {
            throw ReplyError("ERR The specified keys must contain string values")
        }
        let options = try parse(arguments)
        let limit = call.configuration.protoMaxBulkLength
        if options.wantsLength {
            let length = try compute(first, second) { (a, b) throws(LongestCommonSubsequence.Refusal) in
                try LongestCommonSubsequence.length(of: a, and: b, tableLimit: limit)
            }
            call.reply.integer(length)
            return
        }
        let subsequence = try compute(first, second) { (a, b) throws(LongestCommonSubsequence.Refusal) in
            try LongestCommonSubsequence(
                of: a, and: b, minimumMatchLength: options.minimumMatchLength, tableLimit: limit)
        }
        if options.wantsMatches {
            reply(subsequence, showsMatchLengths: options.showsMatchLengths, to: &call.reply)
        } else {
            call.reply.bulk(subsequence.bytes.span)
        }
    }

    private static func parse(_ arguments: borrowing Arguments) throws(ReplyError) -> Options {
        var options = Options()
        var index = 3
        while index < arguments.count {
            if arguments.matches(index, "IDX") {
                options.wantsMatches = true
            } else if arguments.matches(index, "LEN") {
                options.wantsLength = true
            } else if arguments.matches(index, "WITHMATCHLEN") {
                options.showsMatchLengths = true
            } else if arguments.matches(index, "MINMATCHLEN"), index + 1 < arguments.count {
                options.minimumMatchLength = max(0, Int(try arguments.integer(index + 1)))
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
        if options.wantsLength, options.wantsMatches {
            throw ReplyError("ERR If you want both the length and indexes, please just use IDX.")
        }
        return options
    }

    private static func compute<Result>(
        _ first: Record?, _ second: Record?,
        _ body: (ByteSpan, ByteSpan) throws(LongestCommonSubsequence.Refusal) -> Result
    ) throws(ReplyError) -> Result {
        do throws(LongestCommonSubsequence.Refusal) {
            return try withBytes(of: first) { (a) throws(LongestCommonSubsequence.Refusal) in
                try withBytes(of: second) { (b) throws(LongestCommonSubsequence.Refusal) in try body(a, b) }
            }
        } catch {
            switch error {
            case .stringTooLong: throw ReplyError("ERR String too long for LCS")
            case .tableTooLarge:
                throw ReplyError(
                    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
            }
        }
    }

    private static func withBytes<Result, Failure: Error>(
        of record: Record?, _ body: (ByteSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if let record { try record.withStringBytes(body) } else { try body(ByteSpan()) }
    }

    private static func reply(
        _ subsequence: LongestCommonSubsequence, showsMatchLengths: Bool, to reply: inout ReplyWriter
    ) {
        reply.map(2)
        reply.bulk("matches")
        reply.array(subsequence.matches.count)
        for match in subsequence.matches {
            reply.array(showsMatchLengths ? 3 : 2)
            for range in [match.first, match.second] {
                reply.array(2)
                reply.integer(range.lowerBound)
                reply.integer(range.upperBound)
            }
            if showsMatchLengths { reply.integer(match.length) }
        }
        reply.bulk("len")
        reply.integer(subsequence.length)
    }
}
