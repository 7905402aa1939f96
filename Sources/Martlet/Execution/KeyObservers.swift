// Copies of values that a program keeps in its own memory beside the server, and the word that they are no longer
// right: what WATCH is to a client, without a client and without asking.

import Synchronization

/// Tells whether keys are still as they were; it may be asked from any thread.
package final class KeyObserver: Sendable {
    let keys: [DatabaseKey]
    private let hasEnded = Atomic<Bool>(false)

    init(_ keys: [DatabaseKey]) { self.keys = keys }

    /// False from the first change on, before whoever made it hears of it. A key whose time is over counts as changed
    /// when it is removed: deadlines are for the observer to know.
    package var isValid: Bool { !hasEnded.load(ordering: .acquiring) }

    func end() { hasEnded.store(true, ordering: .releasing) }
}

/// Who observes which keys. On the loop only.
final class KeyObservers {
    private var observers: [DatabaseKey: [KeyObserver]] = [:]

    /// Observed keys.
    var count: Int { observers.count }

    func add(_ observer: KeyObserver) {
        for key in observer.keys { observers[key, default: []].append(observer) }
    }

    /// Nobody asks it any more.
    func remove(_ observer: KeyObserver) {
        observer.end()
        for key in observer.keys {
            guard var others = observers[key] else { continue }
            others.removeAll { $0 === observer }
            observers[key] = others.isEmpty ? nil : others
        }
    }

    func changed(_ key: ByteSpan, in database: Int) {
        guard !observers.isEmpty else { return }
        for observer in observers[DatabaseKey(database: database, key: key.copied())] ?? [] { remove(observer) }
    }

    /// Everything in the database may have changed.
    func changedAll(in database: Int) {
        for (key, ended) in observers where key.database == database { for observer in ended { remove(observer) } }
    }

    /// The server stops.
    func endAll() {
        for ended in observers.values { for observer in ended { observer.end() } }
        observers = [:]
    }
}
