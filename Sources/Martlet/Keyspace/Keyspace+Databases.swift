// Databases by their numbers.

extension Keyspace {
    func hasDatabase(_ number: Int) -> Bool { number >= 0 && number < databases.count }

    /// Keys, those included whose time is over and that nobody has looked for.
    func count(in number: Int) -> Int { databases[number].count }

    /// Keys with a deadline.
    func volatileCount(in number: Int) -> Int { databases[number].volatileCount }

    /// The shape of a database's table.
    func tableStatistics(in number: Int) -> HashTableStatistics { databases[number].table.statistics() }

    /// Empties all databases and returns how many keys they had.
    mutating func flushAll(lazily: Bool) -> Int {
        var count = 0
        for number in 0..<databases.count { count += flush(number, lazily: lazily) }
        return count
    }
}
