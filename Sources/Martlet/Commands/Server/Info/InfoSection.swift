// The sections of INFO, in their order. Fields are Redis's where there is something to tell, and they tell what is:
// where a mechanism is missing its fields are missing, too, except for the few that common tools cannot do without.

struct InfoSection: Sendable {
    let title: String
    /// Whether INFO without arguments shows it.
    let isUsual: Bool
    let write: @Sendable (inout InfoReport, ServerContext) -> Void

    init(_ title: String, isUsual: Bool = true, _ write: @escaping @Sendable (inout InfoReport, ServerContext) -> Void)
    {
        self.title = title
        self.isUsual = isUsual
        self.write = write
    }

    static let all = [
        server, clients, memory, persistence, stats, replication, cpu, modules, commandStats, errorStats,
        latencyStats, cluster, keyspace,
    ]
}
