// The hash table against a Dictionary, its invariants, its growth and its memory.

import Testing

@testable import Martlet

@Suite struct HashTableTests {
    /// Random operations, with key populations that swell and shrink through all segment shapes.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func agreesWithDictionary(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = HashTable<TestRecord>(seed: HashSeed(seed, 17))
        // Room that was made ahead shrinks and grows like any other.
        if seed > 2 { table.reserve(Int(seed) * 1000) }
        var model: [[UInt8]: UnsafeMutableRawPointer] = [:]
        for step in 0..<30_000 {
            // Keys come from a population that widens to 4000 and narrows again.
            let phase = step % 15_000
            let range = 1 + min(phase, 15_000 - phase) * 4000 / 7500
            let key = Array("key:\(random.below(range))".utf8)
            let hash = key.withUnsafeBytes { table.hash($0) }
            let found = table.find(key)
            #expect(found?.address == model[key], "seed \(seed), step \(step)")
            switch (random.below(10), found) {
            case (0..<5, nil):
                let record = TestRecord(key: key)
                table.insert(record, hash: hash)
                model[key] = record.address
            case (0..<2, let old?):
                let new = TestRecord(key: key)
                table.replace(old, with: new, hash: hash)
                model[key] = new.address
                old.free()
            case (2..<5, let old?):
                table.remove(old, hash: hash)
                model[key] = nil
                old.free()
            case (5..<8, _):
                let removed = table.remove(key)
                #expect(removed?.address == model.removeValue(forKey: key), "seed \(seed), step \(step)")
                removed?.free()
            default:
                thin(&table, &model, below: range)
            }
            let count = table.count
            #expect(count == model.count, "seed \(seed), step \(step)")
            // An empty table has nothing but the room that was made.
            if step % 100 == 0 || model.count < 40, count > 0 || seed <= 2 {
                let problem = table.brokenInvariant()
                #expect(problem == nil, "seed \(seed), step \(step)")
            }
        }
        var seen = Set<[UInt8]>()
        table.visitAll { seen.insert($0.key) }
        #expect(seen == Set(model.keys))
        table.freeAll()
        let problem = table.brokenInvariant()
        #expect(problem == nil)
    }

    /// Removes some keys that the narrowing population has left behind.
    private func thin(
        _ table: inout HashTable<TestRecord>, _ model: inout [[UInt8]: UnsafeMutableRawPointer], below range: Int
    ) {
        guard model.count > range / 2 else { return }
        for key in model.keys.prefix(20) {
            model[key] = nil
            table.remove(key)?.free()
        }
    }

    /// Every size on the way up and down keeps all invariants and every element.
    @Test func everySmallSize() {
        var table = HashTable<TestRecord>(seed: HashSeed(3, 4))
        let records = (0..<1500).map { TestRecord(key: "k\($0)") }
        for (number, record) in records.enumerated() {
            table.add(record)
            let problem = table.brokenInvariant()
            #expect(problem == nil, "at \(number + 1)")
        }
        for record in records {
            let address = table.find(record.key)?.address
            #expect(address == record.address)
        }
        for (number, record) in records.enumerated() {
            let address = table.remove(record.key)?.address
            #expect(address == record.address)
            let problem = table.brokenInvariant()
            #expect(problem == nil, "after removing \(number + 1)")
            record.free()
        }
        let memory = table.memoryBytes
        #expect(memory == 0)
    }

    /// Leads end at the element that is looked for, or at one whose tag is the same, in chains as well.
    @Test func leadsComeToElements() {
        var table = HashTable<TestRecord>(seed: HashSeed(5, 6))
        let records = (0..<1500).map { TestRecord(key: "k\($0)") }
        for record in records { table.add(record) }
        var (found, mistaken, detours) = (0, 0, 0)
        for record in records {
            let hash = table.hash(record.keyBytes)
            var lead = table.lead(hash: hash)
            while case .bucket(let next) = lead {
                detours += 1
                lead = table.lead(hash: hash, in: next)
            }
            guard case .element(let element) = lead else { continue }
            if element.address == record.address { found += 1 } else { mistaken += 1 }
        }
        #expect(found + mistaken == records.count)
        // One in 256 tags is the same by chance, and a bucket has few elements.
        #expect(mistaken < records.count / 20)
        #expect(detours > 0)
        table.freeAll()
    }

    @Test func startsTiny() {
        var table = HashTable<TestRecord>(seed: HashSeed(1, 1))
        let missing = table.find([1, 2, 3])
        #expect(missing == nil && table.memoryBytes == 0)
        table.prefetchEntry(hash: 77)
        table.prefetchBucket(hash: 77)
        if case .nowhere = table.lead(hash: 77) {} else { Issue.record("an empty table leads nowhere") }
        for number in 0..<7 { table.add(TestRecord(key: "key \(number)")) }
        let memory = table.memoryBytes
        #expect(memory <= 128)
        table.freeAll()
    }

    /// Up to 300,000 and back: nothing lost, memory near 14 bytes an element on the way, all of it returned.
    @Test func growsAndShrinks() {
        var table = HashTable<TestRecord>(seed: HashSeed(8, 9))
        let total = 300_000
        var records: [TestRecord] = []
        records.reserveCapacity(total)
        var (samples, bytesPerElement) = (0, 0.0)
        for number in 0..<total {
            let record = TestRecord(key: "user:\(number)")
            records.append(record)
            table.add(record)
            if number > 1000, number % 1009 == 0 {
                samples += 1
                bytesPerElement += Double(table.memoryBytes) / Double(table.count)
            }
        }
        #expect(bytesPerElement / Double(samples) < 15)
        var problem = table.brokenInvariant()
        #expect(problem == nil)
        let full = table.memoryBytes
        for number in 0..<total - 1000 {
            let record = records[number]
            table.remove(record, hash: table.hash(record.keyBytes))
            record.free()
        }
        problem = table.brokenInvariant()
        #expect(problem == nil)
        let small = table.memoryBytes
        #expect(small < full / 50)
        for record in records.suffix(1000) {
            let address = table.find(record.key)?.address
            #expect(address == record.address)
        }
        table.freeAll()
        let left = table.memoryBytes
        #expect(left == 0)
    }

    /// Hashes that all begin with the same ten bits end in longer chains, not in a directory of mostly nothing.
    @Test func survivesABadHash() {
        var table = HashTable<TestRecord>(seed: HashSeed(8, 9))
        var records: [TestRecord] = []
        var number = 0
        while records.count < 700 {
            number += 1
            let key = Array("k\(number)".utf8)
            if key.withUnsafeBytes({ table.hash($0) }) >> 54 == 5 { records.append(TestRecord(key: key)) }
        }
        for record in records { table.add(record) }
        var problem = table.brokenInvariant()
        #expect(problem == nil)
        let statistics = table.statistics()
        #expect(statistics.directoryDepth <= 7 && statistics.fullestChain > 50)
        for (number, record) in records.enumerated() {
            let address = table.remove(record.key)?.address
            #expect(address == record.address)
            if number % 10 == 0 {
                problem = table.brokenInvariant()
                #expect(problem == nil)
            }
            record.free()
        }
        let left = table.memoryBytes
        #expect(left == 0)
    }

    @Test func statisticsAddUp() {
        var table = HashTable<TestRecord>(seed: HashSeed(5, 6))
        let empty = table.statistics()
        #expect(empty == HashTableStatistics())
        for number in 0..<5000 { table.add(TestRecord(key: "k\(number)")) }
        let statistics = table.statistics()
        #expect(statistics.buckets * HashBucket.places >= 5000)
        #expect(statistics.segments <= 1 << statistics.directoryDepth)
        #expect(statistics.fullestChain >= 7 && statistics.fullestChain < 30)
        #expect(statistics.chainedBuckets * 2 < statistics.buckets)
        table.freeAll()
    }
}
