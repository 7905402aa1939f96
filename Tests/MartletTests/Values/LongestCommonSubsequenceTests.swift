// LCS: the documented examples, the limits, and properties that hold for any pair of strings.

import Testing

@testable import Martlet

@Suite struct LongestCommonSubsequenceTests {
    private func subsequence(
        _ first: String, _ second: String, minimumMatchLength: Int = 0
    ) throws -> LongestCommonSubsequence {
        let first = Array(first.utf8)
        let second = Array(second.utf8)
        return try LongestCommonSubsequence(
            of: first.span, and: second.span, minimumMatchLength: minimumMatchLength, tableLimit: 1 << 20)
    }

    @Test func findsTheDocumentedExample() throws {
        let result = try subsequence("ohmytext", "mynewtext")
        #expect(String(decoding: result.bytes, as: UTF8.self) == "mytext")
        #expect(result.length == 6)
        #expect(result.matches == [.init(first: 4...7, second: 5...8), .init(first: 2...3, second: 0...1)])
        #expect(result.matches.map(\.length) == [4, 2])
        let long = try subsequence("ohmytext", "mynewtext", minimumMatchLength: 4)
        #expect(long.matches == [.init(first: 4...7, second: 5...8)])
        #expect(long.length == 6)
    }

    @Test func emptyStringsHaveNothingInCommon() throws {
        for (first, second) in [("", ""), ("", "abc"), ("abc", ""), ("abc", "xyz")] {
            let result = try subsequence(first, second)
            #expect(result.bytes.isEmpty && result.matches.isEmpty)
        }
    }

    @Test func equalStringsAreOneMatch() throws {
        let result = try subsequence("same", "same")
        #expect(result.matches == [.init(first: 0...3, second: 0...3)])
        #expect(try subsequence("same", "same", minimumMatchLength: 5).matches.isEmpty)
    }

    @Test func tiesGoLeft() throws {
        // "a" and "b" are equally long; the way back prefers the left neighbour, which leads to "b" of the second.
        let result = try subsequence("ab", "ba")
        #expect(result.bytes == Array("b".utf8))
        #expect(result.matches == [.init(first: 1...1, second: 0...0)])
    }

    @Test func limitsTheTableThatRedisWouldFill() throws {
        let first = [UInt8](repeating: 1, count: 9)
        let second = [UInt8](repeating: 1, count: 4)
        // Ten rows of five cells of four bytes.
        #expect(throws: LongestCommonSubsequence.Refusal.tableTooLarge) {
            try LongestCommonSubsequence(of: first.span, and: second.span, tableLimit: 199)
        }
        #expect(throws: LongestCommonSubsequence.Refusal.tableTooLarge) {
            try LongestCommonSubsequence.length(of: first.span, and: second.span, tableLimit: 199)
        }
        #expect(try LongestCommonSubsequence(of: first.span, and: second.span, tableLimit: 200).length == 4)
        #expect(try LongestCommonSubsequence.length(of: first.span, and: second.span, tableLimit: 200) == 4)
    }

    @Test func propertiesOfRandomPairs() throws {
        var random = TestRandom()
        for _ in 0..<300 {
            let first = random.bytes(random.below(20), from: "abc".utf8)
            let second = random.bytes(random.below(20), from: "abcd".utf8)
            let result = try LongestCommonSubsequence(of: first.span, and: second.span, tableLimit: 1 << 20)
            let length = try LongestCommonSubsequence.length(of: first.span, and: second.span, tableLimit: 1 << 20)
            let ascending = Array(result.matches.reversed())
            let isRight =
                length == result.length
                && result.length == Self.modelLength(first, second)
                && ascending.flatMap { first[$0.first] } == result.bytes
                && ascending.flatMap { second[$0.second] } == result.bytes
                && zip(ascending, ascending.dropFirst()).allSatisfy {
                    $0.first.upperBound < $1.first.lowerBound && $0.second.upperBound < $1.second.lowerBound
                }
            if !isRight {
                Issue.record("seed \(random.seed): \(first) and \(second)")
                return
            }
            let all = try LongestCommonSubsequence(
                of: first.span, and: second.span, minimumMatchLength: 2, tableLimit: 1 << 20)
            #expect(all.matches == result.matches.filter { $0.length >= 2 }, "seed \(random.seed)")
        }
    }

    /// From the front instead of from the back, so that it shares nothing with the code under test.
    private static func modelLength(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var below = [Int](repeating: 0, count: second.count + 1)
        for byte in first.reversed() {
            var row = below
            for column in second.indices.reversed() {
                row[column] = byte == second[column] ? below[column + 1] + 1 : max(below[column], row[column + 1])
            }
            below = row
        }
        return below[0]
    }
}
