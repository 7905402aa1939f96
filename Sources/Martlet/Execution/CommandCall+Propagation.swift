// What the command log is told of a command. By default it is told the request itself if that changed anything; a
// handler whose request would lead to other data at another time says what to log instead.

extension CommandCall {
    /// The request itself, even if it changed nothing.
    mutating func propagate(_ arguments: borrowing Arguments) {
        hasPropagated = true
        if keyspace.commandLog.isOn { keyspace.commandLog.append(arguments, in: database) }
    }

    /// The words of the request at the positions that `isKept` says.
    mutating func propagate(_ arguments: borrowing Arguments, keeping isKept: (Int) -> Bool) {
        var count = 0
        for index in 0..<arguments.count where isKept(index) { count += 1 }
        propagate(wordCount: count) { log in
            for index in 0..<arguments.count where isKept(index) { log.append(arguments[index]) }
        }
    }

    /// A key is gone.
    mutating func propagate(deletionOf key: ByteSpan, isLazy: Bool) {
        hasPropagated = true
        keyspace.commandLog.appendDeletion(of: key, in: database, isLazy: isLazy)
    }

    mutating func propagate(_ name: StaticString, _ key: ByteSpan) {
        propagate(wordCount: 2) { log in
            log.append(name)
            log.append(key)
        }
    }

    mutating func propagate(_ name: StaticString, _ key: ByteSpan, _ word: ByteSpan) {
        propagate(wordCount: 3) { log in
            log.append(name)
            log.append(key)
            log.append(word)
        }
    }

    mutating func propagate(_ name: StaticString, _ key: ByteSpan, _ number: Int64) {
        withDecimal(number) { propagate(name, key, $0) }
    }

    /// SET with the point in time.
    mutating func propagate(set key: ByteSpan, to value: ByteSpan, deadline: Int64) {
        hasPropagated = true
        guard keyspace.commandLog.isOn else { return }
        keyspace.commandLog.appendSet(key, to: value, deadline: deadline, in: database)
    }

    /// A command of so many words, which `body` adds.
    @inline(__always)
    mutating func propagate(wordCount: Int, _ body: (inout CommandLog) -> Void) {
        hasPropagated = true
        guard keyspace.commandLog.isOn else { return }
        keyspace.commandLog.begin(wordCount: wordCount, in: database)
        body(&keyspace.commandLog)
    }

    /// Removes a live key because a command gave it a deadline that is reached already.
    mutating func removeAsExpired(_ key: ByteSpan) {
        let isLazy = keyspace.lazyFree.onExpire
        remove(key, lazily: isLazy)
        changed(key, .del)
        propagate(deletionOf: key, isLazy: isLazy)
    }

    /// A command is over.
    mutating func log(_ arguments: borrowing Arguments, hasChanges: Bool) {
        if hasChanges, !hasPropagated { keyspace.commandLog.append(arguments, in: database) }
        if !isInTransaction { keyspace.commandLog.endUnit() }
        guard hasChanges || hasPropagated else { return }
        session.hasUnsavedChanges = true
        session.logOffset = keyspace.commandLog.offset
    }
}
