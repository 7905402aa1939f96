// All directives, in the sections of redis.conf.sample, and the way from a name to its row.

struct DirectiveSection: Sendable {
    let title: String
    let directives: [Directive]
}

enum DirectiveTable {
    /// What has an effect, in reading order.
    static let honoured = [
        network, access, process, hostProcess, keyspace, memory, snapshots, appendOnlyFile, valueEncodings, faults,
    ]
    /// What is accepted and shown, without effect yet.
    static let waiting = [
        replication, cluster, tls, defragmentation, encodings, observability, extensions, system, testing,
    ]

    static let all = (honoured + waiting).flatMap(\.directives)

    /// Every name and alias in alphabetical order: what the patterns of CONFIG GET run over.
    static let names: [(name: String, directive: Directive)] =
        all.flatMap { directive in ([directive.name] + directive.aliases).map { ($0, directive) } }
        .sorted { $0.0 < $1.0 }

    private static let byName = Dictionary(names.map { ($0.name, $0.directive) }) { first, _ in first }

    /// The row of a name or alias in lower case.
    static func directive(named name: String) -> Directive? {
        byName[name]
    }
}
