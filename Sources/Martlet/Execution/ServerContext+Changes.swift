// Telling those who watch, track or subscribe what has happened to keys.

extension ServerContext {
    /// Reads the keyspace's journal. `session` is the client whose command wrote it; nil for the server's own work.
    func publishChanges(by session: Session?) {
        keyspace.value.journal.drain { _, _, _ in }
    }
}
