// Telling those who watch or subscribe what has happened to keys.

extension ServerContext {
    /// Reads the keyspace's journal. `session` is the client whose command wrote it; nil for the server's own work.
    func publishChanges(by session: Session?) {
        let classes = keyspace.value.journal.wantedEvents
        var isFlushed = false
        keyspace.value.journal.drain { change, key, database in
            switch change {
            case .touched(let isByTime):
                watches.touched(key, in: database, byTime: isByTime)
                observers.changed(key, in: database)
                guard tracking.clientCount > 0 else { break }
                pubSub.deliver()
                tracking.changed(key, by: isByTime ? nil : session)
            case .flushed:
                watches.replaced(database) { _ in false }
                observers.changedAll(in: database)
                isFlushed = true
            case .swapped(let other):
                for index in [database, other] {
                    observers.changedAll(in: index)
                    watches.replaced(index) { keyspace.value.isLive($0.key.span, in: $0.database) }
                }
            case .event(let event):
                let name = Array(event.rawValue.utf8)
                if classes.contains(.keyspace) {
                    let channel = Array("__keyspace@\(database)__:".utf8) + key.copied()
                    pubSub.publish(name.span, on: channel.span)
                }
                if classes.contains(.keyevent) {
                    let channel = Array("__keyevent@\(database)__:".utf8) + name
                    pubSub.publish(key, on: channel.span)
                }
            }
        }
        // Those who track hear of all databases at once, for they do not know about databases.
        if isFlushed {
            pubSub.deliver()
            tracking.changedAll()
        }
    }

    /// What `session` has just read is remembered if it tracks its reads.
    func rememberReads(of id: CommandID, _ arguments: borrowing Arguments, by session: Session) {
        let flags = commands[id].flags
        guard session.tracking?.remembersReads ?? false, flags.contains(.readonly), !flags.contains(.pubsub) else {
            return
        }
        for position in commands[id].spec.keyPositions(in: arguments) {
            tracking.remember(arguments[position], for: session)
        }
        limitTracking()
    }

    /// Keeps to tracking-table-max-keys.
    func limitTracking() {
        pubSub.deliver()
        tracking.evict(to: configuration.value.trackingTableMaxKeys, using: &keyspace.value.random)
    }

    /// To be called when somebody has begun or ended to watch, observe or track.
    func updateWantedTouches() {
        keyspace.value.journal.wantsTouches =
            !watches.isEmpty || observers.count > 0 || tracking.clientCount > 0
    }

    /// Begins to observe keys of a database as they are now.
    func observe(_ keys: [[UInt8]], in database: Int) -> KeyObserver {
        let observer = KeyObserver(keys.map { DatabaseKey(database: database, key: $0) })
        observers.add(observer)
        updateWantedTouches()
        return observer
    }

    /// Nobody asks these any more.
    func forget(_ ended: [KeyObserver]) {
        for observer in ended { observers.remove(observer) }
        updateWantedTouches()
    }

    /// Ends everything that other clients' doings could reach the session by.
    func release(_ session: Session) {
        session.transaction = nil
        blocked.remove(session)
        watches.unwatchAll(session)
        pubSub.unsubscribeAll(session)
        tracking.disable(session)
        monitors.remove(session)
        updateWantedTouches()
    }
}
