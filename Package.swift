// swift-tools-version: 6.2
// Martlet: a pure-Swift, in-process, Redis-compatible server. No dependencies; see README.md.
import PackageDescription

let settings: [SwiftSetting] = [
    // A warning is a defect that has not happened yet.
    .treatAllWarnings(as: .error),
    // Spans that borrow from a request or a record, checked by the compiler instead of by discipline.
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "Martlet",
    platforms: [.macOS("26.0")],
    products: [
        .library(name: "Martlet", targets: ["Martlet"]),
        .library(name: "MartletClient", targets: ["MartletClient"]),
        .library(name: "MartletSessions", targets: ["MartletSessions"]),
        .library(name: "MartletTesting", targets: ["MartletTesting"]),
        .executable(name: "session-demo", targets: ["session-demo"]),
        .executable(name: "martlet-server", targets: ["martlet-server"]),
    ],
    targets: [
        // A module map over system headers that Swift's Glibc module leaves out; no C code.
        .systemLibrary(name: "CMartletSystem"),
        .target(name: "Martlet", dependencies: ["CMartletSystem"], swiftSettings: settings),
        .target(name: "MartletClient", dependencies: ["Martlet"], swiftSettings: settings),
        .target(
            name: "MartletSessions", dependencies: ["Martlet", "MartletClient"], swiftSettings: settings),
        .target(name: "MartletTesting", dependencies: ["Martlet", "MartletClient"], swiftSettings: settings),
        .executableTarget(name: "martlet-server", dependencies: ["Martlet"], swiftSettings: settings),
        .executableTarget(
            name: "martlet-benchmarks", dependencies: ["Martlet"], path: "Benchmarks/martlet-benchmarks",
            swiftSettings: settings),
        .executableTarget(
            name: "session-demo", dependencies: ["Martlet", "MartletClient", "MartletSessions"],
            swiftSettings: settings),
        .executableTarget(
            name: "martlet-client-load", dependencies: ["Martlet", "MartletClient", "MartletSessions", "TestSupport"],
            path: "Tests/Topologies/martlet-client-load", swiftSettings: settings),
        .executableTarget(
            name: "fake-soak", dependencies: ["Martlet", "MartletClient", "MartletTesting", "TestSupport"],
            path: "Tests/Fake/fake-soak",
            swiftSettings: settings),
        .executableTarget(
            name: "session-benchmark", dependencies: ["Martlet", "MartletClient", "MartletSessions"],
            path: "Benchmarks/session-benchmark", swiftSettings: settings),
        .testTarget(name: "MartletTests", dependencies: ["Martlet"], swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["Martlet", "MartletClient"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "MartletClientTests", dependencies: ["Martlet", "MartletClient", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "MartletSessionsTests", dependencies: ["Martlet", "MartletClient", "MartletSessions", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "MartletTestingTests", dependencies: ["Martlet", "MartletClient", "MartletTesting", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "TidyTests", dependencies: ["Martlet"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
