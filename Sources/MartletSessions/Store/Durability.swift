// How safe a change has to be. What several ask for is waited for together, so that nothing of it can get lost.

/// How safe a change is before the call returns.
///
/// The store, the sections that are changed and the call itself may each ask for something: all of it is waited for.
public struct Durability: Equatable, Sendable {
    /// How long to wait for the disk; nil: not at all.
    let disk: Duration?
    /// How many replicas to wait for; 0: for none.
    let replicas: Int
    /// How long to wait for those.
    let patience: Duration

    private init(disk: Duration? = nil, replicas: Int = 0, patience: Duration = .zero) {
        self.disk = disk
        self.replicas = replicas
        self.patience = patience
    }

    /// In the server's memory. What the disk holds is the server's configuration: with an append only file and
    /// `appendfsync everysec`, everything but the last second.
    public static let memory = Durability()
    /// On the server's disk (WAITAOF; Redis 7.2, an append only file), or it throws `notDurable`.
    public static func fsync(timeout: Duration = .seconds(1)) -> Durability { Durability(disk: timeout) }
    /// In the memory of so many replicas (WAIT), or it throws `notDurable`.
    public static func replicas(_ count: Int, timeout: Duration = .seconds(1)) -> Durability {
        count > 0 ? Durability(replicas: count, patience: timeout) : .memory
    }

    /// As safe as both ask for: on the disk if one of them wants that, in as many replicas as the one that wants more,
    /// with the patience of the one that has more.
    public func and(_ other: Durability) -> Durability {
        Durability(
            disk: [disk, other.disk].compactMap(\.self).max(), replicas: max(replicas, other.replicas),
            patience: max(patience, other.patience))
    }
}
