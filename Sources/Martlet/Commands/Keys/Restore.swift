// RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]

enum RestoreCommand {
    static let spec = CommandSpec(
        "restore", summary: "Creates a key from a value in the form that DUMP gives.", since: "2.6.0", group: .generic,
        complexity: "O(1) to create the key and O(N) for a payload of N bytes", arity: -4,
        flags: [.write, .denyOOM], categories: [.keyspace, .dangerous], keys: [.key(1, [.overwrite, .update])],
        history: [
            .init("3.0.0", "Brought the option `REPLACE`."),
            .init("5.0.0", "Brought the option `ABSTTL`."),
            .init("5.0.0", "Brought the options `IDLETIME` and `FREQ`."),
        ],
        arguments: [
            .key(), ArgumentSpec("ttl", .integer), ArgumentSpec("serialized-value", .string),
            .token("REPLACE", .optional, since: "3.0.0"), .token("ABSTTL", .optional, since: "5.0.0"),
            ArgumentSpec("seconds", .integer, token: "IDLETIME", since: "5.0.0", .optional),
            ArgumentSpec("frequency", .integer, token: "FREQ", since: "5.0.0", .optional),
        ], handler: run)

    private struct Options {
        var replaces = false
        var isAbsolute = false
        var idleSeconds: Int64?
        /// A counter of uses, 0 to 255.
        var frequency: Int64?
    }

    /// Replies OK. With a deadline that has passed the key is not created, and one that stands there is deleted.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let options = try read(arguments)
        if !options.replaces, call.lookup(arguments[1], for: .write) != nil {
            throw ReplyError("BUSYKEY Target key name already exists.")
        }
        let deadline = try deadline(arguments, options, now: call.now)
        let value = try value(arguments[3], &call)
        let hadKey = options.replaces && call.remove(arguments[1])
        guard deadline.map({ !call.keyspace.isReached($0) }) ?? true,
            call.keyspace.insert(value, as: arguments[1], in: call.database)
        else {
            if hadKey {
                call.changed(arguments[1], .del)
                call.propagate(deletionOf: arguments[1], isLazy: call.keyspace.lazyFree.onServerDelete)
            }
            return call.reply.ok()
        }
        finish(arguments[1], deadline, options, &call)
        if let deadline, !options.isAbsolute { propagate(arguments, deadline, &call) }
        call.reply.ok()
    }

    private static func read(_ arguments: borrowing Arguments) throws(ReplyError) -> Options {
        var options = Options()
        var index = 4
        while index < arguments.count {
            let hasMore = index + 1 < arguments.count
            if arguments.matches(index, "REPLACE") {
                options.replaces = true
            } else if arguments.matches(index, "ABSTTL") {
                options.isAbsolute = true
            } else if hasMore, options.frequency == nil, arguments.matches(index, "IDLETIME") {
                index += 1
                options.idleSeconds = try atLeastZero(arguments, index, "ERR Invalid IDLETIME value, must be >= 0")
            } else if hasMore, options.idleSeconds == nil, arguments.matches(index, "FREQ") {
                index += 1
                let refusal = "ERR Invalid FREQ value, must be >= 0 and <= 255"
                options.frequency = try atLeastZero(arguments, index, refusal)
                guard options.frequency ?? 0 <= 255 else { throw ReplyError(refusal) }
            } else {
                throw .syntax
            }
            index += 1
        }
        return options
    }

    private static func atLeastZero(
        _ arguments: borrowing Arguments, _ index: Int, _ refusal: String
    ) throws(ReplyError) -> Int64 {
        let value = try arguments.integer(index)
        guard value >= 0 else { throw ReplyError(refusal) }
        return value
    }

    /// Nil for none, which is what 0 means.
    private static func deadline(
        _ arguments: borrowing Arguments, _ options: Options, now: Int64
    ) throws(ReplyError) -> Int64? {
        let time = try atLeastZero(arguments, 2, "ERR Invalid TTL value, must be >= 0")
        guard time > 0 else { return nil }
        let (deadline, overflow) = time.addingReportingOverflow(options.isAbsolute ? 0 : now)
        // Redis's sum wraps around, so that such a time has passed.
        return overflow ? .min : deadline
    }

    private static func value(_ payload: ByteSpan, _ call: inout CommandCall) throws(ReplyError) -> LoadedValue {
        guard let version = DumpPayload.version(of: payload, checksCRC: call.server.checksPayloadChecksums) else {
            throw ReplyError("ERR DUMP payload version or checksum are wrong")
        }
        // All payloads are checked in full, whatever the directive says; it decides whether INFO counts them.
        if call.server.configuration.value.sanitizeDumpPayload != .no {
            call.server.statistics.value.payloadChecks += 1
        }
        do throws(RDBError) {
            let value = try DumpPayload.read(payload, version: version, for: &call.keyspace)
            guard !value.isEmpty else { throw RDBError("an empty collection", at: 0) }
            return value
        } catch {
            call.server.log.write(.warning, "RESTORE: \(error.reason) at byte \(error.offset)")
            throw ReplyError("ERR Bad data format")
        }
    }

    /// The same request with the point in time.
    private static func propagate(_ arguments: borrowing Arguments, _ deadline: Int64, _ call: inout CommandCall) {
        call.propagate(wordCount: arguments.count + 1) { log in
            log.append(arguments[0])
            log.append(arguments[1])
            log.append(deadline)
            for index in 3..<arguments.count { log.append(arguments[index]) }
            log.append("ABSTTL")
        }
    }

    private static func finish(
        _ key: ByteSpan, _ deadline: Int64?, _ options: Options, _ call: inout CommandCall
    ) {
        if let deadline, let record = call.lookup(key, for: .write) {
            call.keyspace.setDeadline(deadline, of: record, in: call.database)
        }
        if let record = call.lookup(key, for: .inspect) {
            // What is no counter was refused.
            let counter = options.frequency.map { UInt8(clamping: $0) }
            call.keyspace.setUses(of: record, idleSeconds: options.idleSeconds, counter: counter)
        }
        call.changed(key, .restore)
    }
}
