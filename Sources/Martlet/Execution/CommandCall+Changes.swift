// How a handler tells what it changed: the count of changes, those who watch or track the key, and its events.

extension CommandCall {
    /// The value at `key` changed, `count` times as Redis counts changes, and this is the event of it.
    @inline(__always)
    func changed(_ key: ByteSpan, _ event: KeyEvent, count: Int = 1) {
        changed(key, event, in: session.database, count: count)
    }

    /// The same in another database.
    @inline(__always)
    func changed(_ key: ByteSpan, _ event: KeyEvent, in database: Int, count: Int = 1) {
        keyspace.dirty += count
        keyspace.journal.touched(key, in: database)
        keyspace.journal.happened(event, to: key, in: database)
    }

    /// One more event of a change that has been told already.
    func happened(_ event: KeyEvent, to key: ByteSpan) {
        keyspace.journal.happened(event, to: key, in: session.database)
    }
}
