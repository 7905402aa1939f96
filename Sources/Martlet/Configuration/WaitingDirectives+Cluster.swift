// The rows of directives of the cluster and of TLS, which are not here yet: they are parsed, bounded and shown as Redis
// does, and the start names those that were changed. Nothing listens on a TLS port.

extension DirectiveTable {
    static let cluster = DirectiveSection(
        title: "CLUSTER",
        directives: [
            Directive("cluster-enabled", waiting: false, .yesNo, flags: .immutable, "Be a node of a cluster."),
            Directive("cluster-config-file", waiting: "nodes.conf", .string, flags: .immutable, "The node's own file."),
            Directive(
                "cluster-node-timeout", waiting: 15000, .integer(0...Int.max),
                "Milliseconds after which a silent node counts as failed."),
            Directive("cluster-port", waiting: 0, .integer(0...65535), flags: .immutable, "Port for other nodes."),
            Directive("cluster-announce-ip", waiting: "", .string, "Address that other nodes are told."),
            Directive(
                "cluster-announce-hostname", waiting: "",
                .string.checked { name in
                    let isPlain = name.utf8.allSatisfy { byte in
                        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                    }
                    return isPlain ? nil : "Hostnames may only contain alphanumeric characters, hyphens or dots"
                }, "Host name that other nodes are told."),
            Directive("cluster-announce-port", waiting: 0, .integer(0...65535), "Port that others are told."),
            Directive(
                "cluster-announce-bus-port", waiting: 0, .integer(0...65535), "Bus port that others are told."),
            Directive("cluster-announce-tls-port", waiting: 0, .integer(0...65535), "TLS port that others are told."),
            Directive(
                "cluster-preferred-endpoint-type", waiting: "ip", .choice(["ip", "hostname", "unknown-endpoint"]),
                "How clients are told where to go."),
            Directive("cluster-migration-barrier", waiting: 1, .integer(0...int32Max), "Replicas a primary keeps."),
            Directive(
                "cluster-allow-replica-migration", waiting: true, .yesNo, "Let replicas move to bare primaries."),
            Directive(
                "cluster-replica-validity-factor", aliases: ["cluster-slave-validity-factor"], waiting: 10,
                .integer(0...int32Max), "How long a replica may have been out of touch to take over."),
            Directive(
                "cluster-replica-no-failover", aliases: ["cluster-slave-no-failover"], waiting: false, .yesNo,
                "Never let this replica take over by itself."),
            Directive(
                "cluster-require-full-coverage", waiting: true, .yesNo, "Stop serving when a slot has no owner."),
            Directive(
                "cluster-allow-reads-when-down", waiting: false, .yesNo, "Answer reads while the cluster is down."),
            Directive(
                "cluster-allow-pubsubshard-when-down", waiting: true, .yesNo,
                "Carry messages of shard channels while the cluster is down."),
            Directive(
                "cluster-link-sendbuf-limit", waiting: 0, .memory(0...UInt64.max),
                "Bytes that may wait for another node; 0 for no limit."),
        ])

    static let tls = DirectiveSection(
        title: "TLS",
        directives: [
            Directive("tls-port", waiting: 0, .integer(0...65535), "Port for TLS; nothing listens there."),
            Directive("tls-cert-file", waiting: "", .string, "Certificate."),
            Directive("tls-key-file", waiting: "", .string, "Key of the certificate."),
            Directive("tls-key-file-pass", waiting: "", .string, flags: .sensitive, "Password of the key's file."),
            Directive("tls-client-cert-file", waiting: "", .string, "Certificate for connections to others."),
            Directive("tls-client-key-file", waiting: "", .string, "Key for connections to others."),
            Directive("tls-client-key-file-pass", waiting: "", .string, flags: .sensitive, "Password of that file."),
            Directive("tls-dh-params-file", waiting: "", .string, "Parameters for key exchange."),
            Directive("tls-ca-cert-file", waiting: "", .string, "Certificates of authorities."),
            Directive("tls-ca-cert-dir", waiting: "", .string, "Directory of such certificates."),
            Directive(
                "tls-auth-clients", waiting: "yes", .choice(["no", "yes", "optional"]),
                "Whether clients need a certificate."),
            Directive("tls-replication", waiting: false, .yesNo, "Use TLS to the primary."),
            Directive("tls-cluster", waiting: false, .yesNo, "Use TLS between nodes."),
            Directive("tls-protocols", waiting: "", .string, "Versions of the protocol."),
            Directive("tls-ciphers", waiting: "", .string, "Ciphers up to TLS 1.2."),
            Directive("tls-ciphersuites", waiting: "", .string, "Ciphers of TLS 1.3."),
            Directive("tls-prefer-server-ciphers", waiting: false, .yesNo, "Let the server choose the cipher."),
            Directive("tls-session-caching", waiting: true, .yesNo, "Let clients resume sessions."),
            Directive("tls-session-cache-size", waiting: 20480, .integer(0...int32Max), "Sessions that are kept."),
            Directive("tls-session-cache-timeout", waiting: 300, .integer(0...int32Max), "Seconds that they are kept."),
        ])
}
