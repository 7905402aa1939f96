// What ACL LOG shows: requests and passwords that were refused, those that are alike as one entry.

final class AccessLog {
    enum Reason: String {
        case command, key, channel
        case authentication = "auth"
    }

    enum Context: String { case toplevel, multi }

    struct Entry {
        let id: Int
        var count = 1
        let reason: Reason
        let context: Context
        /// The command, key or channel.
        let object: [UInt8]
        let userName: [UInt8]
        /// Milliseconds since 1970.
        let createdAt: Int64
        var updatedAt: Int64
        /// The latest client, as CLIENT LIST has it.
        var client: String

        func isLike(_ other: Entry) -> Bool {
            reason == other.reason && context == other.context && object == other.object
                && userName == other.userName
                && abs(updatedAt.subtractingReportingOverflow(other.updatedAt).partialValue) <= groupingMilliseconds
        }
    }

    private static let groupingMilliseconds: Int64 = 60_000
    /// How many of the latest entries are looked at for one that is alike.
    private static let comparedEntries = 10

    /// Longer names are cut off: they are what somebody sent who was refused.
    private static let longestName = 1024

    /// The latest first.
    private(set) var entries: [Entry] = []
    private var nextID = 0
    /// Refusals by reason, for INFO.
    private(set) var counts: [Reason: Int] = [:]

    func add(
        _ reason: Reason, _ context: Context, object: [UInt8], user: [UInt8], client: String, at time: Int64,
        limit: Int
    ) {
        counts[reason, default: 0] += 1
        var entry = Entry(
            id: nextID, reason: reason, context: context, object: Array(object.prefix(Self.longestName)),
            userName: Array(user.prefix(Self.longestName)), createdAt: time, updatedAt: time, client: client)
        if let index = entries.prefix(Self.comparedEntries).firstIndex(where: { $0.isLike(entry) }) {
            entry = entries.remove(at: index)
            entry.count += 1
            entry.updatedAt = time
            entry.client = client
        } else {
            nextID += 1
        }
        entries.insert(entry, at: 0)
        trim(to: limit)
    }

    func trim(to limit: Int) {
        if entries.count > limit { entries.removeLast(entries.count - max(0, limit)) }
    }

    func removeAll() { entries = [] }
}
