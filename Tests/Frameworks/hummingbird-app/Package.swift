// swift-tools-version: 6.2
// The session store within a real HTTP framework; outside the main package, which has no dependencies.
import PackageDescription

let package = Package(
    name: "hummingbird-app",
    platforms: [.macOS("26.0")],
    dependencies: [
        .package(name: "Martlet", path: "../../.."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    ],
    targets: [
        .executableTarget(
            name: "hummingbird-app",
            dependencies: [
                .product(name: "Martlet", package: "Martlet"), .product(name: "MartletClient", package: "Martlet"),
                .product(name: "MartletSessions", package: "Martlet"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
