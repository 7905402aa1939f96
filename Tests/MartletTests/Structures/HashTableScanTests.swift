// Scanning with a cursor while the table changes, cursors from strangers, and random choice.

import Testing

@testable import Martlet

@Suite struct HashTableScanTests {
    /// A whole scan, with `change` between the calls; the keys that it returned, and how often in all.
    private func scan(
        _ table: inout HashTable<TestRecord>, change: (inout HashTable<TestRecord>) -> Void
    ) -> (keys: Set<[UInt8]>, returned: Int) {
        var (keys, returned, cursor) = (Set<[UInt8]>(), 0, UInt64(0))
        repeat {
            cursor = table.scan(from: cursor) {
                keys.insert($0.key)
                returned += 1
            }
            change(&table)
        } while cursor != 0
        return (keys, returned)
    }

    @Test(arguments: [0, 1, 7, 8, 100, 313, 2000, 10_000])
    func quietScanReturnsEachOnce(size: Int) {
        var table = HashTable<TestRecord>(seed: HashSeed(2, 3))
        for number in 0..<size { table.add(TestRecord(key: "k\(number)")) }
        let (keys, returned) = scan(&table) { _ in }
        #expect(keys.count == size && returned == size)
        table.freeAll()
    }

    /// Elements that stay through a scan are returned, whatever comes and goes: while the table grows, while it
    /// shrinks, and while it swings.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func keepsItsGuarantee(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for round in 0..<60 {
            var table = HashTable<TestRecord>(seed: HashSeed(seed, UInt64(round)))
            let stays = (0..<random.below(400) + 1).map { Array("stay:\($0)".utf8) }
            for key in stays { table.add(TestRecord(key: key)) }
            var passing: [TestRecord] = []
            var made = 0
            // The share of inserts, in percent, and how many changes fall between two calls.
            let (inserts, changes) = ([90, 10, 50][round % 3], 1 + random.below(60))
            if inserts < 50 {
                for _ in 0..<3000 {
                    made += 1
                    passing.append(TestRecord(key: "pass:\(made)"))
                    table.add(passing[passing.count - 1])
                }
            }
            let (keys, _) = scan(&table) { table in
                for _ in 0..<changes where table.count < 6000 {
                    if random.below(100) < inserts {
                        made += 1
                        passing.append(TestRecord(key: "pass:\(made)"))
                        table.add(passing[passing.count - 1])
                    } else if !passing.isEmpty {
                        passing.swapAt(random.below(passing.count), passing.count - 1)
                        let gone = passing.removeLast()
                        table.remove(gone, hash: table.hash(gone.keyBytes))
                        gone.free()
                    }
                }
            }
            #expect(keys.isSuperset(of: stays), "seed \(seed), round \(round)")
            let problem = table.brokenInvariant()
            #expect(problem == nil, "seed \(seed), round \(round)")
            table.freeAll()
        }
    }

    /// From full to nearly empty between two calls, and the other way.
    @Test func survivesUpheavals() {
        var table = HashTable<TestRecord>(seed: HashSeed(4, 4))
        let stays = (0..<50).map { Array("stay:\($0)".utf8) }
        for key in stays { table.add(TestRecord(key: key)) }
        var calls = 0
        var passing: [TestRecord] = []
        let (keys, _) = scan(&table) { table in
            calls += 1
            if calls % 10 == 5 {
                passing = (0..<2000).map { TestRecord(key: "pass:\(calls):\($0)") }
                for record in passing { table.add(record) }
            } else if calls % 10 == 0 {
                for record in passing {
                    table.remove(record, hash: table.hash(record.keyBytes))
                    record.free()
                }
                passing = []
            }
        }
        #expect(keys.isSuperset(of: stays))
        #expect(calls > 10)
        table.freeAll()
    }

    @Test func foreignCursorsAreHarmless() {
        var table = HashTable<TestRecord>(seed: HashSeed(2, 3))
        for size in [0, 1, 10, 1000] {
            for number in table.count..<size { table.add(TestRecord(key: "k\(number)")) }
            var random = SeededRandom(seed: 8)
            var cursors: [UInt64] = [1, .max, 1 << 48, 1 << 63, (1 << 48) - 1, 65_535]
            for shift in 0..<60 as Range<UInt64> { cursors.append(random.next() >> shift) }
            for cursor in cursors {
                let next = table.scan(from: cursor) { _ in }
                #expect(next == 0 || (next > cursor && next < 1 << 48), "cursor \(cursor) of seed 8")
            }
            let end = table.scan(from: (1 << 48) - 1) { _ in }
            #expect(end == 0)
        }
        table.freeAll()
    }

    /// Chi-square over the draws, for tables of one segment, of several, and after a shrink.
    @Test(arguments: [1, 5, 100, 700, 1500])
    func randomIsUniform(size: Int) {
        var table = HashTable<TestRecord>(seed: HashSeed(6, 7))
        var generator = SeededRandom(seed: 21)
        let extra = (0..<size * 2).map { TestRecord(key: "extra:\($0)") }
        for number in 0..<size { table.add(TestRecord(key: "k\(number)")) }
        for record in extra { table.add(record) }
        for record in extra {
            table.remove(record, hash: table.hash(record.keyBytes))
            record.free()
        }
        var hits: [UnsafeMutableRawPointer: Int] = [:]
        let draws = 40 * size
        for _ in 0..<draws {
            guard let element = table.random(using: &generator) else {
                Issue.record("no random element")
                return
            }
            hits[element.address, default: 0] += 1
        }
        let spread = hits.values.reduce(0.0) { $0 + Double(($1 - 40) * ($1 - 40)) / 40 }
        let missed = Double(size - hits.count) * 40
        let degrees = Double(size - 1)
        #expect(abs(spread + missed - degrees) <= 6 * (2 * degrees).squareRoot(), "seed 21")
        table.freeAll()
        let none = table.random(using: &generator)
        #expect(none == nil)
    }
}
