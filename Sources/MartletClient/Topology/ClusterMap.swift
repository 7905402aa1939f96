// Which node of a cluster keeps which slot. Source: the Redis Cluster specification.

import Martlet

struct ClusterMap: Equatable, Sendable {
    static let slotCount = 16384

    private(set) var primaries: [RedisEndpoint] = []
    private var places: [RedisEndpoint: Int32] = [:]
    /// Those of each primary.
    private(set) var replicas: [RedisEndpoint: [RedisEndpoint]] = [:]
    /// Of each slot the place of its primary in the list; -1 when nobody keeps it.
    private var owners = [Int32](repeating: -1, count: slotCount)

    /// From the reply to CLUSTER SLOTS:
    ///
    ///     [[first slot, last slot, [host, port, id, ...] of the primary, the same of each replica...]...]
    ///
    /// A host that the cluster does not know is the one that was asked. Nil when the reply has another shape.
    init?(slots reply: RESPValue, askedAt endpoint: RedisEndpoint) {
        guard let ranges = reply.elements else { return nil }
        for range in ranges {
            guard let parts = range.elements, parts.count >= 3, let first = parts[0].integer,
                let last = parts[1].integer, first >= 0, first <= last, last < Self.slotCount,
                let primary = Self.endpoint(parts[2], askedAt: endpoint)
            else { return nil }
            let place = place(of: primary)
            for slot in first...last { owners[Int(slot)] = place }
            replicas[primary] = parts.dropFirst(3).compactMap { Self.endpoint($0, askedAt: endpoint) }
        }
    }

    private static func endpoint(_ node: RESPValue, askedAt asked: RedisEndpoint) -> RedisEndpoint? {
        guard let parts = node.elements, parts.count >= 2, let port = parts[1].integer.flatMap(UInt16.init(exactly:))
        else { return nil }
        return resolved(host: parts[0].string ?? "", port: port, askedAt: asked)
    }

    private static func resolved(host: String, port: UInt16, askedAt asked: RedisEndpoint) -> RedisEndpoint {
        if host.isEmpty || host == "?", case .tcp(let host, _) = asked { return .tcp(host: host, port: port) }
        return .tcp(host: host, port: port)
    }

    private mutating func place(of primary: RedisEndpoint) -> Int32 {
        if let place = places[primary] { return place }
        // Memory ends long before 2^31 endpoints.
        let place = Int32(primaries.count)
        primaries.append(primary)
        places[primary] = place
        return place
    }

    func primary(of slot: Int) -> RedisEndpoint? {
        let owner = owners[slot]
        return owner < 0 ? nil : primaries[Int(owner)]
    }

    /// A server says that this slot is another's now.
    mutating func move(_ slot: Int, to endpoint: RedisEndpoint) { owners[slot] = place(of: endpoint) }

    // MARK: Redirections

    /// `MOVED slot host:port` and `ASK slot host:port`; nil for other errors.
    static func redirection(_ message: String, from asked: RedisEndpoint) -> (slot: Int, endpoint: RedisEndpoint)? {
        let words = message.split(separator: " ")
        guard words.count >= 3, words[0] == "MOVED" || words[0] == "ASK", let slot = Int(words[1]),
            (0..<slotCount).contains(slot), let colon = words[2].lastIndex(of: ":"),
            let port = UInt16(words[2][words[2].index(after: colon)...])
        else { return nil }
        return (slot, resolved(host: String(words[2][..<colon]), port: port, askedAt: asked))
    }

    // MARK: Slots

    /// Of a key: CRC16 of what stands within the first braces, if anything does, or of all of it.
    static func slot(of key: [UInt8]) -> Int {
        let tag: ArraySlice<UInt8>
        if let open = key.firstIndex(of: UInt8(ascii: "{")),
            let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        {
            tag = key[(open + 1)..<close]
        } else {
            tag = key[...]
        }
        return Int(crc16(tag)) % slotCount
    }

    /// CRC-16/XMODEM: polynomial 0x1021, nothing reflected, beginning at 0.
    static func crc16(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        bytes.reduce(0) { crc, byte in (crc << 8) ^ crcTable[Int(UInt8(crc >> 8) ^ byte)] }
    }

    private static let crcTable: [UInt16] = (0..<256).map { index in
        (0..<8).reduce(UInt16(index) << 8) { crc, _ in crc & 0x8000 != 0 ? (crc << 1) ^ 0x1021 : crc << 1 }
    }
}
