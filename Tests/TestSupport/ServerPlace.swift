// Servers that end and begin again where they were.

import Foundation
import Martlet
import MartletClient

/// A path where one server at a time listens. Nobody else is given it meanwhile, as might happen to a port.
public struct ServerPlace: Sendable {
    private let path = NSTemporaryDirectory() + "martlet-\(UUID().uuidString.prefix(8)).sock"

    /// A place of its own.
    public init() {}

    /// A server that listens there.
    public func start() throws -> MartletServer {
        var configuration = Configuration()
        configuration.port = 0
        configuration.unixsocket = path
        return try MartletServer(listening: .configured, configuration: configuration)
    }

    /// For a client of whoever listens there.
    public var settings: RedisClientConfiguration { RedisClientConfiguration(.single(.unix(path: path))).patient }
}
