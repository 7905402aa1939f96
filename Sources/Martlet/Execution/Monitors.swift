// Clients that see all commands, as MONITOR wants it.

final class Monitors {
    private var sessions: [Session] = [] {
        didSet { isEmpty = sessions.isEmpty }
    }
    /// Asked behind each command, so that it stands by itself.
    private(set) var isEmpty = true

    func contains(_ session: Session) -> Bool { sessions.contains { $0 === session } }

    func add(_ session: Session) {
        if !contains(session) { sessions.append(session) }
    }

    func remove(_ session: Session) { sessions.removeAll { $0 === session } }

    /// Shows a command to all:
    ///
    ///     +1339518083.107412 [0 127.0.0.1:60866] "set" "key" "value"
    func show(_ words: [[UInt8]], of session: Session, at microseconds: Int64) {
        var line = Array(
            "+\(microseconds / 1_000_000).\(String(1_000_000 + microseconds % 1_000_000).dropFirst()) ".utf8)
        let address = session.transport?.remoteAddress ?? ""
        let prefix = session.transport?.isUnixSocket ?? false ? "unix:" : ""
        line += "[\(session.database) \(prefix)\(address)]".utf8
        for word in words {
            line.append(UInt8(ascii: " "))
            line += quotedRepresentation(of: word.span)
        }
        line += "\r\n".utf8
        for monitor in sessions { monitor.push(line.span) }
    }
}
