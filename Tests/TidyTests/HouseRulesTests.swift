// The house rules held against the house, and each rule held against a snippet that breaks it.

import Testing

@testable import Martlet

struct HouseRulesTests {
    static let all = SourceTree.swiftFiles()
    static let sources = SourceTree.swiftFiles(in: ["Sources"])
    static let library = sources.filter { $0.room != nil }

    @Test func theTreeIsFound() {
        #expect(Self.library.count > 100)
        #expect(Self.all.count > Self.sources.count)
    }

    @Test func everyFileSaysWhatItIsFor() {
        #expect(Self.all.flatMap(HouseRules.header) == [])
        #expect(HouseRules.header(snippet("import Testing")) != [])
    }

    @Test func filesAndLinesAreShort() {
        #expect(Self.all.flatMap(HouseRules.lengths) == [])
        #expect(HouseRules.lengths(snippet(String(repeating: "x", count: 121))) != [])
        #expect(HouseRules.lengths(snippet(String(repeating: "\n", count: 601))) != [])
    }

    @Test func functionsAreShort() {
        #expect(Self.all.flatMap(HouseRules.functions) == [])
        for head in ["func f()", "public init?(a: Int)", "    deinit", "subscript(a: Int) -> Int"] {
            #expect(HouseRules.functions(snippet(head + " {\n" + String(repeating: "g()\n", count: 70) + "}")) != [])
        }
        #expect(HouseRules.functions(snippet("func f()\n" + String(repeating: "\n", count: 80))) == [])
    }

    @Test func nothingTrapsOnPurposeOrIsLeftForLater() {
        #expect(Self.sources.flatMap(HouseRules.banned) == [])
        #expect(HouseRules.banned(snippet("let x = try! f()")) != [])
        #expect(HouseRules.banned(snippet("let x = \"try!\" // try!")) == [])
    }

    @Test func nothingIsUnwrappedByForce() {
        #expect(Self.sources.flatMap(HouseRules.forceUnwraps) == [])
        #expect(HouseRules.forceUnwraps(snippet("let x = list.first!.name")) != [])
        #expect(HouseRules.forceUnwraps(snippet("var x: Session!")) != [])
        #expect(HouseRules.forceUnwraps(snippet("if !a, b != c { }")) == [])
    }

    @Test func uncheckedSendabilityIsExplained() {
        #expect(Self.sources.flatMap(HouseRules.guards) == [])
        #expect(HouseRules.guards(snippet("final class A: @unchecked Sendable {}")) != [])
    }

    @Test func theLibraryHasNoFoundation() {
        #expect(Self.library.filter { HouseRules.uses($0, ["import Foundation"]) }.map(\.path) == [])
        #expect(HouseRules.uses(snippet("import Foundation"), ["import Foundation"]))
    }

    @Test func uncheckedArithmeticIsProved() {
        #expect(Self.sources.flatMap(HouseRules.proofs) == [])
        #expect(HouseRules.proofs(snippet("let x = a\nlet y = x &+ 1")) != [])
        #expect(HouseRules.proofs(snippet("// Below 10.\nlet y = x &+ 1")) == [])
    }

    /// What every turn and every command looks at; all else is checked.
    @Test func exclusivityIsUncheckedWhereItIsProved() {
        let files: Swift.Set = [
            "Execution/BlockedClients.swift", "Execution/Session.swift", "Network/Connection.swift",
            "Network/LocalTransport.swift", "Network/Network.swift",
        ]
        #expect(Self.sources.flatMap(HouseRules.exclusivity) == [])
        let found = Self.sources.filter { HouseRules.uses($0, ["@exclusivity"]) }
        #expect(Swift.Set(found.map { String($0.path.dropFirst("Sources/Martlet/".count)) }) == files)
        #expect(HouseRules.exclusivity(snippet("let a = 1\n@exclusivity(unchecked) var b = 2")) != [])
    }

    /// Rooms where bytes are laid out by hand, and the single files beside them with their reasons.
    @Test func unsafeCodeStandsInItsRooms() {
        let rooms: Swift.Set = ["Structures", "System"]
        let files: Swift.Set = [
            // Words as views into the bytes that arrived.
            "Protocol/Arguments.swift",
            // Replies are written into reserved room and sent from where they lie.
            "Protocol/ByteBuffer+RESP.swift", "Protocol/ReplyBuffer.swift", "Protocol/ReplyWriter.swift",
            // Sockets are read into buffers and written from them.
            "Network/ArrivingArgument.swift", "Network/Connection.swift", "Network/Listener.swift",
            "Network/Network.swift", "Network/OutboundStream.swift",
            // Records are made, found by their keys' bytes, and moved.
            "Keyspace/Database.swift", "Keyspace/Keyspace+Expiry.swift", "Keyspace/Keyspace+Keys.swift",
            "Keyspace/Keyspace+Lookup.swift", "Keyspace/Keyspace+Payload.swift", "Keyspace/Keyspace+Strings.swift",
            "Keyspace/Keyspace+Walk.swift", "Keyspace/LookAhead.swift",
            // Files are read into the window.
            "RDB/RDBFileReader.swift", "AOF/AOFReader.swift",
            // Files are read into others' buffers.
            "Fake/MemoryFileSystem.swift",
            // A string's bytes in its record.
            "Values/StringValue.swift",
        ]
        let words = ["Unsafe", "unsafe", "Unmanaged", "assumingMemoryBound", "_overrideLifetime"]
        let found = Self.library.filter { HouseRules.uses($0, words) && !rooms.contains($0.room ?? "") }
        let paths = Swift.Set(found.map { String($0.path.dropFirst("Sources/Martlet/".count)) })
        #expect(paths.subtracting(files).sorted() == [])
        #expect(files.subtracting(paths).sorted() == [], "these need no permission any more")
        #expect(HouseRules.uses(snippet("let p: UnsafeRawPointer"), words))
    }

    /// The C library is for System/, and for memory in the structures that manage it.
    @Test func systemCallsStandInTheSystemRoom() {
        let words = [
            "import Glibc", "import Darwin", "import Musl", "import CMartletSystem", "Glibc.", "Darwin.", "Musl.",
            "epoll_ctl(", "epoll_wait(", "kevent(", "fcntl(", "setsockopt(", "getsockopt(", "accept4(", "sendmsg(",
            "getenv(", "mmap(", "munmap(", "madvise(",
        ]
        let files: Swift.Set = [
            // Growing in place, and telling when memory is not to be had.
            "Structures/ByteBuffer.swift", "Structures/LargeBytes.swift",
            // The processor's hint.
            "Structures/CacheLine.swift",
            // The kernel's event structures.
            "EventLoop/EpollPoller.swift", "EventLoop/KqueuePoller.swift",
        ]
        let found = Self.library.filter { HouseRules.uses($0, words) && $0.room != "System" }
        let paths = Swift.Set(found.map { String($0.path.dropFirst("Sources/Martlet/".count)) })
        #expect(paths.subtracting(files).sorted() == [])
        #expect(files.subtracting(paths).sorted() == [], "these need no permission any more")
        #expect(HouseRules.uses(snippet("import Glibc"), words))
    }

    @Test func timeComesFromTheClock() {
        let words = ["Date()", "ContinuousClock", "SuspendingClock", "clock_gettime", "nanosleep", "usleep("]
        let found = Self.library.filter { $0.room != "System" && HouseRules.uses($0, words) }
        #expect(found.map(\.path) == [])
        #expect(HouseRules.uses(snippet("let now = Date()"), words))
    }

    /// A test waits for what it expects, in one place of each suite, and for nothing else.
    @Test func testsDoNotSleep() {
        let words = ["sleep(", "asyncAfter", "Date()", "ContinuousClock"]
        let found = Self.all.filter { $0.path.hasPrefix("Tests/") && HouseRules.uses($0, words) }
        let places: Swift.Set = [
            "Tests/MartletClientTests/Support.swift", "Tests/MartletTests/Network/SocketClient.swift",
            // A load is paced.
            "Tests/Topologies/martlet-client-load/ClientLoad.swift",
            "Tests/Topologies/martlet-client-load/SessionLoad.swift",
            // What a start takes is measured.
            "Tests/Fake/fake-soak/FakeSoak.swift",
        ]
        #expect(Swift.Set(found.map(\.path)) == places)
    }

    /// All tests run at once, so that each takes as long as the slowest machine likes.
    @Test func testsHaveNoTimeLimit() {
        let words = [".timeLimit("]
        let found = Self.all.filter { $0.path.hasPrefix("Tests/") && HouseRules.uses($0, words) }
        #expect(found.map(\.path) == [])
        #expect(HouseRules.uses(snippet("@Suite(.timeLimit(.minutes(1)))"), words))
    }

    /// For the same reason clients in tests give nothing up because it takes long.
    @Test func clientsInTestsArePatient() {
        func hasty(_ file: SourceFile) -> [String] {
            file.code.filter { line in
                ["RedisClientConfiguration(", "RedisClient(url:"].contains { line.contains($0) }
                    && !line.contains(".patient")
            }
        }
        // It connects to nothing.
        let exception = "Tests/MartletClientTests/ConfigurationTests.swift"
        let tests = Self.all.filter { $0.path.hasPrefix("Tests/Martlet") && $0.path != exception }
        #expect(tests.flatMap(hasty) == [])
        #expect(hasty(snippet("let client = try RedisClient(url: url)")) != [])
    }

    private func snippet(_ text: String) -> SourceFile { SourceFile(path: "Snippet.swift", text: text) }
}
