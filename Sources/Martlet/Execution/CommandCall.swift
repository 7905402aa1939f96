// One command in execution: what it may use and where its reply goes. Handlers get it inout and meet the keyspace only
// through it, in the database that the client selected.

struct CommandCall: ~Copyable {
    let server: ServerContext
    let session: Session
    var reply: ReplyWriter
    /// The command or subcommand being run.
    var command = CommandID(index: 0)
    /// Whether EXEC runs it: messages wait for the end of EXEC's reply.
    var isInTransaction: Bool { server.isInTransaction }
    /// When the command before ended, in monotonic nanoseconds; nil for the first of a batch.
    var clockReading: Int64?
    /// Whether the handler has said itself what is to be logged of what it did.
    var hasPropagated = false

    init(server: ServerContext, session: Session, reply: consuming ReplyWriter) {
        self.server = server
        self.session = session
        self.reply = reply
    }

    var keyspace: Keyspace {
        _read { yield server.keyspace.value }
        nonmutating _modify { yield &server.keyspace.value }
    }

    var configuration: Configuration {
        _read { yield server.configuration.value }
        nonmutating _modify { yield &server.configuration.value }
    }

    var database: Int { session.database }
    /// Wall clock in milliseconds, the same for the whole batch.
    var now: Int64 { keyspace.now }
    /// The name that errors show: `set`, `config|get`.
    var commandName: String { server.commands[command].fullName }

    // MARK: Keys

    /// The live record of `key` in the selected database, good until the next change.
    @inline(__always)
    func lookup(_ key: ByteSpan, for intent: LookupIntent = .read) -> Record? {
        keyspace.lookup(key, in: session.database, for: intent)
    }

    /// The same, for a key that must hold a string if it exists.
    @inline(__always)
    func string(_ key: ByteSpan, for intent: LookupIntent = .read) throws(ReplyError) -> Record? {
        guard let record = lookup(key, for: intent) else { return nil }
        guard record.isString else { throw .wrongType }
        return record
    }

    /// Sets `key`, keeping the memory of a large argument where there is one.
    func setString(
        _ key: ByteSpan, to arguments: borrowing Arguments, at index: Int, deadline: DeadlineChange = .clear
    ) {
        keyspace.setString(
            key, to: arguments[index], adopting: arguments.large(index), deadline: deadline, in: database)
    }

    /// Removes `key`; false when it did not exist.
    @discardableResult
    func remove(_ key: ByteSpan, lazily: Bool? = nil) -> Bool {
        keyspace.remove(key, in: database, lazily: lazily ?? keyspace.lazyFree.onServerDelete)
    }

    // MARK: Replies

    /// The string of `record` as a bulk string; a large one is sent by reference.
    @inline(__always)
    mutating func reply(string record: Record) {
        if record.valueKind == .int {
            reply.bulk(record.integer)
        } else if record.holdsObject {
            reply.bulk(record.object(as: LargeBytes.self))
        } else {
            record.withStringBytes { reply.bulk($0) }
        }
    }

    /// The string of `record`, or nothing.
    @inline(__always)
    mutating func reply(stringOrNull record: Record?) {
        if let record { reply(string: record) } else { reply.null() }
    }

    mutating func setVersion(_ version: RESPVersion) {
        session.version = version
        reply.version = version
    }
}
