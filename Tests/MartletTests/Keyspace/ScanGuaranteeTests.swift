// SCAN returns every key that stays, however the table grows and shrinks between the calls.

import Testing

@testable import Martlet

struct ScanGuaranteeTests {
    @Test("keys that stay are returned", arguments: [UInt64](1...5), [true, false])
    func keysThatStay(seed: UInt64, grows: Bool) throws {
        let server = try TestServer(seed: seed)
        var dice = SeededRandom(seed: seed)
        for number in 0..<300 { try server.expect(["SET stays:\(number) v": .ok]) }
        var next = 0
        func change(_ count: Int, grow: Bool) throws {
            for _ in 0..<count {
                if grow {
                    next += 1
                    try server.expect(["SET comes:\(next) v": .ok])
                } else if next > 0 {
                    try server.expect(["DEL comes:\(next)": 1])
                    next -= 1
                }
            }
        }
        if !grows { try change(6000, grow: true) }
        var found: Set<String> = []
        var cursor = "0"
        repeat {
            let reply = try #require(try server.run("SCAN \(cursor) COUNT \(1 + dice.below(40))").elements)
            cursor = try #require(reply[0].string)
            found.formUnion(try #require(reply[1].elements).compactMap(\.string))
            // Mostly one way, now and then the other; not so much that the walk never ends.
            if next < 12_000 { try change(dice.below(250), grow: grows != (dice.below(6) == 0)) }
        } while cursor != "0"
        let missing = (0..<300).filter { !found.contains("stays:\($0)") }
        #expect(missing.isEmpty, "seed \(seed)")
    }
}
