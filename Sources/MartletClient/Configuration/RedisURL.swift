// Addresses as people write them.
//
//   redis://[[user]:password@]host[:port][/database]
//   rediss://...                                        the same through TLS
//   redis-socket://[[user]:password@]/path[?db=number]   a unix socket; unix:// too
//   redis-sentinel://[[user]:password@]host[:port][,host[:port]...][/database]#name
//   redis-cluster://[[user]:password@]host[:port][,host[:port]...]
//
// `?reads=replica` sends reads of the last two to replicas.
//
// Source: the IANA registrations of redis and rediss; Lettuce's documentation for the others.

import Foundation

extension RedisClientConfiguration {
    /// The configuration that a URL says, with defaults for everything else.
    ///
    /// - Throws: ``RedisError`` with the code `usage` when the URL cannot be understood.
    public init(url: String) throws(RedisError) {
        guard let separator = url.range(of: "://") else { throw Self.invalid("it has no scheme") }
        let scheme = url[..<separator.lowerBound].lowercased()
        let (address, fragment) = Self.split(url[separator.upperBound...], at: "#")
        let (beforeQuery, query) = Self.split(address, at: "?")
        let (credentials, location) = try Self.credentials(beforeQuery)
        // Else the password's beginning would be a host, which errors name.
        if credentials == nil, Self.isCutPassword(query) || Self.isCutPassword(fragment, besidesName: scheme) {
            throw Self.invalid("write # and ? within the password as %23 and %3F")
        }
        switch scheme {
        case "redis", "rediss":
            let (hosts, database) = Self.split(location, at: "/")
            guard let endpoint = try Self.endpoints(hosts, defaultPort: 6379).first, !hosts.contains(",") else {
                throw Self.invalid("it names more than one server")
            }
            self.init(.single(endpoint))
            usesTLS = scheme == "rediss"
            self.database = try Self.database(
                database ?? query.flatMap { Self.option(["db", "database"], in: $0) })
        case "redis-socket", "unix":
            guard location.hasPrefix("/") else { throw Self.invalid("a socket's path begins with /") }
            self.init(.single(.unix(path: try Self.decoded(location))))
            self.database = try Self.database(query.flatMap { Self.option(["db", "database"], in: $0) })
        case "redis-sentinel":
            guard let name = fragment, !name.isEmpty else {
                throw Self.invalid("the primary's name is missing: #name")
            }
            let (hosts, database) = Self.split(location, at: "/")
            self.init(
                .sentinel(
                    try Self.endpoints(hosts, defaultPort: 26379), name: try Self.decoded(name)))
            self.database = try Self.database(database)
        case "redis-cluster":
            self.init(.cluster(try Self.endpoints(Self.split(location, at: "/").0, defaultPort: 6379)))
        default: throw Self.invalid("its scheme is unknown")
        }
        self.credentials = credentials
        switch query.flatMap({ Self.option(["reads"], in: $0) }) {
        case nil, "primary": break
        case "replica":
            if case .single = topology { throw Self.invalid("a single server has no replicas to read from") }
            reads = .replica
        case .some: throw Self.invalid("reads are for primary or replica")
        }
    }

    private static func split(_ text: Substring, at mark: Character) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    /// A sentinel's primary may have a name with an @.
    private static func isCutPassword(_ rest: Substring?, besidesName scheme: String = "") -> Bool {
        guard let rest, rest.contains("@") else { return false }
        return scheme != "redis-sentinel" || rest.contains("#")
    }

    private static func credentials(
        _ text: Substring
    ) throws(RedisError) -> (RedisCredentials?, Substring) {
        guard let at = text.lastIndex(of: "@") else { return (nil, text) }
        let rest = text[text.index(after: at)...]
        let (user, password) = split(text[..<at], at: ":")
        // `redis://secret@host` is read by some as a user without password; a password is what is of use.
        guard let password else { return (RedisCredentials(password: try decoded(user)), rest) }
        let name = try decoded(user)
        return (RedisCredentials(username: name.isEmpty ? nil : name, password: try decoded(password)), rest)
    }

    private static func endpoints(
        _ hosts: Substring, defaultPort: UInt16
    ) throws(RedisError) -> [RedisEndpoint] {
        var endpoints: [RedisEndpoint] = []
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            endpoints.append(try endpoint(host, defaultPort: defaultPort))
        }
        return endpoints
    }

    private static func endpoint(
        _ text: Substring, defaultPort: UInt16
    ) throws(RedisError) -> RedisEndpoint {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw invalid("] is missing") }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if rest.hasPrefix(":") {
                port = rest.dropFirst()
            } else if !rest.isEmpty {
                throw invalid("a port follows a colon")
            }
        } else {
            (host, port) = split(text, at: ":")
        }
        let name = try decoded(host)
        guard let port, !port.isEmpty else {
            return .tcp(host: name.isEmpty ? "127.0.0.1" : name, port: defaultPort)
        }
        guard let number = UInt16(port), number > 0 else { throw invalid("its port is not a number of 1 to 65535") }
        return .tcp(host: name.isEmpty ? "127.0.0.1" : name, port: number)
    }

    private static func option(_ names: [String], in query: Substring) -> Substring? {
        for option in query.split(separator: "&") {
            let (name, value) = split(option, at: "=")
            if names.contains(String(name)) { return value }
        }
        return nil
    }

    private static func database(_ text: Substring?) throws(RedisError) -> Int {
        guard let text, !text.isEmpty else { return 0 }
        guard let number = Int(text), number >= 0 else { throw invalid("its database is not a number") }
        return number
    }

    private static func decoded(_ text: Substring) throws(RedisError) -> String {
        guard let decoded = String(text).removingPercentEncoding else {
            throw invalid("its percent signs are wrong")
        }
        return decoded
    }

    /// No part of the URL is repeated: it may belong to a password with characters that are not escaped.
    private static func invalid(_ reason: String) -> RedisError {
        RedisError(.usage, .notExecuted, "The URL cannot be used: \(reason)")
    }
}
