// Servers that keep an append only file.

import Foundation
import Martlet

/// Runs `body` with the configuration of a server that keeps an append only file in a directory of its own, which is
/// empty now and gone afterwards.
public func withAppendOnlyFile<Value>(_ body: (Configuration) async throws -> Value) async throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    var configuration = Configuration()
    configuration.dir = directory.path
    configuration.appendonly = true
    return try await body(configuration)
}
