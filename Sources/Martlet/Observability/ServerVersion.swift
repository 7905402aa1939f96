// Which version this is, in the two ways of counting: Redis's, which clients decide by, and our own.

package enum ServerVersion {
    /// The Redis version whose commands and replies are followed.
    package static let redis = "7.4.2"
    /// Martlet's own version.
    package static let martlet = "0.1.0"

    /// 16 hexadecimal digits that differ between versions.
    static let buildID = String(
        decoding: SHA1.digest(of: Array("martlet \(martlet), redis \(redis)".utf8).span).hexText.prefix(16),
        as: UTF8.self)

    /// What `martlet-server -v` prints.
    package static var line: String {
        "Martlet server v=\(redis) martlet=\(martlet) sha=00000000:0 malloc=libc bits=\(Int.bitWidth) build=\(buildID)"
    }
}
