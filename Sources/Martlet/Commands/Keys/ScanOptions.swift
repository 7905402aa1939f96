// What SCAN, HSCAN and SSCAN have in common: the options, and the shape of the reply.

struct ScanOptions {
    /// Options beyond MATCH and COUNT that a command takes.
    enum Extra { case none, type, noValues }

    var count = 10
    /// Words of the request.
    var pattern: Int?
    var type: Int?
    var omitsValues = false

    /// Reads the options from word `start` on.
    init(_ arguments: borrowing Arguments, from start: Int, allowing extra: Extra) throws(ReplyError) {
        var index = start
        while index < arguments.count {
            if extra == .noValues, arguments.matches(index, "NOVALUES") {
                omitsValues = true
                index += 1
                continue
            }
            guard index + 1 < arguments.count else { throw .syntax }
            if arguments.matches(index, "COUNT") {
                let value = try arguments.integer(index + 1)
                guard value >= 1 else { throw .syntax }
                count = Int(clamping: value)
            } else if arguments.matches(index, "MATCH") {
                pattern = index + 1
            } else if extra == .type, arguments.matches(index, "TYPE") {
                type = index + 1
            } else {
                throw .syntax
            }
            index += 2
        }
    }
}

extension CommandCall {
    /// The reply of a scan over nothing.
    mutating func replyEmptyScan() {
        reply.array(2)
        reply.bulk(Int64(0))
        reply.array(0)
    }

    /// The cursor to go on with and the elements: `body` writes those and returns their count, and the cursor.
    mutating func replyScan(_ body: (inout ReplyWriter) -> (count: Int, cursor: UInt64)) {
        var cursor: UInt64 = 0
        let mark = reply.buffer.mark()
        reply.collect(.array) { reply in
            let result = body(&reply)
            cursor = result.cursor
            return result.count
        }
        var head = ReplyWriter(buffer: ReplyBuffer(), version: reply.version)
        head.array(2)
        // Below 2^48.
        head.bulk(Int64(cursor))
        reply.insert(head, at: mark)
    }
}
