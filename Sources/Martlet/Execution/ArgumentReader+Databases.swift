// Database numbers among a request's words. Redis reads them as C ints first, which shows in the errors.

extension Arguments {
    /// A number that fits 32 bits. `error` takes the place of both usual texts.
    func int32(_ index: Int, orThrow error: ReplyError? = nil) throws(ReplyError) -> Int {
        let value = try integer(index, orThrow: error ?? .notInteger)
        guard let narrow = Int32(exactly: value) else {
            throw error
                ?? ReplyError("ERR value is out of range, value must between \(Int32.min) and \(Int32.max)")
        }
        return Int(narrow)
    }
}

extension CommandCall {
    /// The database that word `index` names.
    func databaseIndex(_ arguments: borrowing Arguments, at index: Int) throws(ReplyError) -> Int {
        let number = try arguments.int32(index)
        guard keyspace.hasDatabase(number) else { throw .databaseIndexOutOfRange }
        return number
    }
}
