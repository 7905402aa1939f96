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
        #expect(HouseRules.functions(snippet("func f() {\n" + String(repeating: "g()\n", count: 70) + "}")) != [])
    }

    @Test func nothingTrapsOnPurposeOrIsLeftForLater() {
        #expect(Self.sources.flatMap(HouseRules.banned) == [])
        #expect(HouseRules.banned(snippet("let x = try! f()")) != [])
        #expect(HouseRules.banned(snippet("let x = \"try!\" // try!")) == [])
    }

    @Test func nothingIsUnwrappedByForce() {
        #expect(Self.sources.flatMap(HouseRules.forceUnwraps) == [])
        #expect(HouseRules.forceUnwraps(snippet("let x = list.first!.name")) != [])
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

    /// Rooms where bytes are laid out by hand, and the single files beside them with their reasons.
    @Test func unsafeCodeStandsInItsRooms() {
        let rooms: Swift.Set = ["Structures", "System", "Network", "Keyspace"]
        let files: Swift.Set = [
            // The set's event array and the token.
            "Sources/Martlet/EventLoop/EpollPoller.swift", "Sources/Martlet/EventLoop/KqueuePoller.swift",
            // Words as views into the bytes that arrived.
            "Sources/Martlet/Protocol/Arguments.swift",
            // Replies are written into reserved room and sent from where they lie.
            "Sources/Martlet/Protocol/ReplyBuffer.swift", "Sources/Martlet/Protocol/ReplyWriter.swift",
            // A string's bytes in its record.
            "Sources/Martlet/Values/StringValue.swift",
        ]
        let words = ["UnsafeRaw", "UnsafeMutable", "UnsafePointer", "UnsafeBuffer", "Unmanaged", "unsafeBitCast"]
        let found = Self.library.filter { HouseRules.uses($0, words) }
        let outside = found.filter { !rooms.contains($0.room ?? "") && !files.contains($0.path) }.map(\.path)
        #expect(outside == [])
        #expect(HouseRules.uses(snippet("let p: UnsafeRawPointer"), words))
    }

    /// The C library is for System/, and for memory in the structures that manage it.
    @Test func systemCallsStandInTheSystemRoom() {
        let words = ["import Glibc", "import Darwin", "import Musl", "import CMartletSystem"]
        let allowed: Swift.Set = ["System", "Structures", "EventLoop"]
        let found = Self.library.filter { HouseRules.uses($0, words) && !allowed.contains($0.room ?? "") }
        #expect(found.map(\.path) == [])
    }

    @Test func timeComesFromTheClock() {
        let words = ["Date()", "ContinuousClock", "clock_gettime", "nanosleep", "usleep("]
        let found = Self.library.filter { $0.room != "System" && HouseRules.uses($0, words) }
        #expect(found.map(\.path) == [])
    }

    private func snippet(_ text: String) -> SourceFile { SourceFile(path: "Snippet.swift", text: text) }
}
