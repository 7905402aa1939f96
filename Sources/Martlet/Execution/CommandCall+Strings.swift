// What the commands that change strings in place share: the length limit, and the change itself.

extension CommandCall {
    /// Refuses a string of `count` bytes behind the first `offset`, unless proto-max-bulk-len allows it.
    func checkStringLength(_ offset: Int64, adding count: Int) throws(ReplyError) {
        let (total, overflow) = offset.addingReportingOverflow(Int64(count))
        guard !overflow, total <= Int64(configuration.protoMaxBulkLength) else { throw .stringTooLong }
    }

    /// Lets `body` change the string at `key`, which is at least `minimumCount` bytes long by then. See the keyspace.
    func changeString<Result>(
        _ key: ByteSpan, minimumCount: Int, _ body: (inout MutableSpan<UInt8>) -> Result
    ) throws(ReplyError) -> Result {
        let result = keyspace.changeString(key, minimumCount: minimumCount, in: database, body)
        guard let result else { throw .noMemoryForString }
        return result
    }
}

extension ReplyError {
    /// Redis would end the process here.
    static var noMemoryForString: ReplyError { ReplyError("OOM not enough memory for the string") }
}
