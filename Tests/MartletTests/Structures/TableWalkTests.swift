// A walk over a table that changes meanwhile visits each entry once, as it was when the walk began.

import Testing

@testable import Martlet

struct TableWalkTests {
    @Test(arguments: 0..<30)
    func visitsWhatThereWas(round: Int) {
        var random = TestRandom()
        for _ in 0..<20 {
            let seed = random.next()
            var dice = SeededRandom(seed: seed)
            let object = HashObject(seed: HashSeed(dice.next(), dice.next()))
            for _ in 0..<dice.below(2000) { Self.change(object, &dice) }
            var before: [String: String] = [:]
            object.table.visitAll { before[$0.key.text] = $0.value.text }
            var seen: [String: String] = [:]
            var twice: [String] = []
            object.beginWalk { entry in
                if seen.updateValue(entry.value.text, forKey: entry.key.text) != nil { twice.append(entry.key.text) }
            }
            // Many changes between few steps let the table grow and shrink around the cursor.
            let changes = dice.below(200)
            repeat {
                for _ in 0..<dice.below(changes + 1) { Self.change(object, &dice) }
            } while object.continueWalk(count: 1 + dice.below(40))
            #expect(twice == [], "seed \(seed)")
            #expect(seen == before, "seed \(seed)")
            #expect(object.brokenInvariant() == nil, "seed \(seed)")
        }
    }

    private static func change(_ object: HashObject, _ dice: inout SeededRandom) {
        let field = Array("field\(dice.below(1500))".utf8)
        let value = Array("\(dice.below(100_000))".utf8)
        switch (object.find(field.span), dice.below(4)) {
        case (let entry?, 0): object.remove(entry)
        case (let entry?, 1): object.setDeadline(Int64(dice.below(1000)), of: entry)
        case (let entry?, _): object.setValue(value.span, of: entry, keepsDeadline: dice.below(2) == 0)
        case (nil, 0): break
        case (nil, _): object.insert(field.span, value.span, deadline: dice.below(3) == 0 ? 5 : nil)
        }
    }
}
