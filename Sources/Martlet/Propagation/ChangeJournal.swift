// What has happened to keys since the last look: the one point that every change passes. Commands and the keyspace
// write down what they did, in order; after each command, and after each slice of expiry, the floor above reads it and
// tells those who watch, track or subscribe. Nothing is written down that nobody wants to hear of.

struct ChangeJournal: ~Copyable {
    /// Events that somebody may be subscribed to.
    var wantedEvents: KeyEventClasses = []
    /// Whether anybody watches or tracks keys.
    var wantsTouches = false

    private var entries = GrowableArray<Stored>()
    private var keys = ByteBuffer()

    enum Change {
        /// The value at the key is no longer what it was; nobody did that when its time was over.
        case touched(byTime: Bool)
        case event(KeyEvent)
        /// All keys of the database are gone.
        case flushed
        /// The two databases have traded places.
        case swapped(with: Int)
    }

    /// Not private: the compiler (6.3) breaks on private types of stored properties that other files' accessors yield.
    struct Stored: BitwiseCopyable {
        enum Kind: BitwiseCopyable {
            case touched, lapsed, flushed
            case event(KeyEvent)
            case swapped(Int)
        }

        let kind: Kind
        let database: Int
        let keyCount: Int
    }

    var isEmpty: Bool { entries.count == 0 }

    @inline(__always)
    mutating func touched(_ key: ByteSpan, in database: Int) {
        if wantsTouches { append(.touched, key, database) }
    }

    /// The same when the key, or a part of its value, is gone because its time was over.
    mutating func lapsed(_ key: ByteSpan, in database: Int) {
        if wantsTouches { append(.lapsed, key, database) }
    }

    @inline(__always)
    mutating func happened(_ event: KeyEvent, to key: ByteSpan, in database: Int) {
        if !wantedEvents.isEmpty, wantedEvents.contains(event.eventClass) { append(.event(event), key, database) }
    }

    mutating func flushed(_ database: Int) {
        if wantsTouches { append(.flushed, ByteSpan(), database) }
    }

    mutating func swapped(_ first: Int, _ second: Int) {
        if wantsTouches { append(.swapped(second), ByteSpan(), first) }
    }

    @inline(never)
    private mutating func append(_ kind: Stored.Kind, _ key: ByteSpan, _ database: Int) {
        entries.append(Stored(kind: kind, database: database, keyCount: key.count))
        keys.append(key)
    }

    /// Hands over all that is written down, oldest first; what `body` causes to be written is handed over next time.
    mutating func drain(_ body: (Change, ByteSpan, Int) -> Void) {
        var drained = GrowableArray<Stored>(capacity: 1)
        var bytes = ByteBuffer()
        swap(&drained, &entries)
        swap(&bytes, &keys)
        var offset = 0
        for index in 0..<drained.count {
            let entry = drained[index]
            let change: Change =
                switch entry.kind {
                case .touched: .touched(byTime: false)
                case .lapsed: .touched(byTime: true)
                case .flushed: .flushed
                case .event(let event): .event(event)
                case .swapped(let other): .swapped(with: other)
                }
            body(change, bytes.bytes.extracting(offset..<(offset + entry.keyCount)), entry.database)
            offset += entry.keyCount
        }
        // The memory is used again unless something was written meanwhile.
        guard entries.count == 0 else { return }
        drained.removeAll(keeping: 1024)
        bytes.clear()
        swap(&drained, &entries)
        swap(&bytes, &keys)
    }
}
