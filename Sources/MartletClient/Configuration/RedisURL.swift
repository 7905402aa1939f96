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
        guard let separator = url.range(of: "://") else { throw Self.invalid(url, "it has no scheme") }
        let scheme = url[..<separator.lowerBound].lowercased()
        let (address, fragment) = Self.split(url[separator.upperBound...], at: "#")
        let (beforeQuery, query) = Self.split(address, at: "?")
        let (credentials, location) = try Self.credentials(beforeQuery, url)
        switch scheme {
        case "redis", "rediss":
            let (hosts, database) = Self.split(location, at: "/")
            guard let endpoint = try Self.endpoints(hosts, url, defaultPort: 6379).first, !hosts.contains(",") else {
                throw Self.invalid(url, "it names more than one server")
            }
            self.init(.single(endpoint))
            usesTLS = scheme == "rediss"
            self.database = try Self.database(
                database ?? query.flatMap { Self.option(["db", "database"], in: $0) }, url)
        case "redis-socket", "unix":
            guard location.hasPrefix("/") else { throw Self.invalid(url, "a socket's path begins with /") }
            self.init(.single(.unix(path: try Self.decoded(location, url))))
            self.database = try Self.database(query.flatMap { Self.option(["db", "database"], in: $0) }, url)
        case "redis-sentinel":
            guard let name = fragment, !name.isEmpty else {
                throw Self.invalid(url, "the primary's name is missing: #name")
            }
            let (hosts, database) = Self.split(location, at: "/")
            self.init(
                .sentinel(
                    try Self.endpoints(hosts, url, defaultPort: 26379), name: try Self.decoded(name, url)))
            self.database = try Self.database(database, url)
        case "redis-cluster":
            self.init(.cluster(try Self.endpoints(Self.split(location, at: "/").0, url, defaultPort: 6379)))
        default: throw Self.invalid(url, "its scheme is unknown")
        }
        self.credentials = credentials
        switch query.flatMap({ Self.option(["reads"], in: $0) }) {
        case nil, "primary": break
        case "replica":
            if case .single = topology { throw Self.invalid(url, "a single server has no replicas to read from") }
            reads = .replica
        case .some: throw Self.invalid(url, "reads are for primary or replica")
        }
    }

    private static func split(_ text: Substring, at mark: Character) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    private static func credentials(
        _ text: Substring, _ url: String
    ) throws(RedisError) -> (RedisCredentials?, Substring) {
        guard let at = text.lastIndex(of: "@") else { return (nil, text) }
        let rest = text[text.index(after: at)...]
        let (user, password) = split(text[..<at], at: ":")
        // `redis://secret@host` is read by some as a user without password; a password is what is of use.
        guard let password else { return (RedisCredentials(password: try decoded(user, url)), rest) }
        let name = try decoded(user, url)
        return (RedisCredentials(username: name.isEmpty ? nil : name, password: try decoded(password, url)), rest)
    }

    private static func endpoints(
        _ hosts: Substring, _ url: String, defaultPort: UInt16
    ) throws(RedisError) -> [RedisEndpoint] {
        var endpoints: [RedisEndpoint] = []
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            endpoints.append(try endpoint(host, url, defaultPort: defaultPort))
        }
        return endpoints
    }

    private static func endpoint(
        _ text: Substring, _ url: String, defaultPort: UInt16
    ) throws(RedisError) -> RedisEndpoint {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw invalid(url, "] is missing") }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if rest.hasPrefix(":") {
                port = rest.dropFirst()
            } else if !rest.isEmpty {
                throw invalid(url, "a port follows a colon")
            }
        } else {
            (host, port) = split(text, at: ":")
        }
        let name = try decoded(host, url)
        guard let port, !port.isEmpty else {
            return .tcp(host: name.isEmpty ? "127.0.0.1" : name, port: defaultPort)
        }
        guard let number = UInt16(port), number > 0 else { throw invalid(url, "\(port) is not a port") }
        return .tcp(host: name.isEmpty ? "127.0.0.1" : name, port: number)
    }

    private static func option(_ names: [String], in query: Substring) -> Substring? {
        for option in query.split(separator: "&") {
            let (name, value) = split(option, at: "=")
            if names.contains(String(name)) { return value }
        }
        return nil
    }

    private static func database(_ text: Substring?, _ url: String) throws(RedisError) -> Int {
        guard let text, !text.isEmpty else { return 0 }
        guard let number = Int(text), number >= 0 else { throw invalid(url, "\(text) is not a database") }
        return number
    }

    private static func decoded(_ text: Substring, _ url: String) throws(RedisError) -> String {
        guard let decoded = String(text).removingPercentEncoding else {
            throw invalid(url, "its percent signs are wrong")
        }
        return decoded
    }

    /// The URL itself is not repeated: it may hold a password.
    private static func invalid(_ url: String, _ reason: String) -> RedisError {
        RedisError(.usage, .notExecuted, "The URL cannot be used: \(reason)")
    }
}
