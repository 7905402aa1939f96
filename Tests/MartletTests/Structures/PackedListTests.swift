// Packed lists and sorted integers against arrays.

import Testing

@testable import Martlet

struct PackedListTests {
    private static let samples: [[UInt8]] = [
        [], Array("a".utf8), Array("7".utf8), Array("42".utf8), Array("-1".utf8), Array("127".utf8),
        Array("128".utf8), Array("-32769".utf8), Array("8388608".utf8), Array("-2147483649".utf8),
        Array("140737488355328".utf8), Array("9223372036854775807".utf8), Array("-9223372036854775808".utf8),
        Array("9223372036854775808".utf8), Array("007".utf8), Array("+5".utf8), Array("-0".utf8), Array(" 12".utf8),
        [UInt8](repeating: 0xF1, count: 239), [UInt8](repeating: 0xF0, count: 240),
        [UInt8](repeating: 3, count: 65_535), [UInt8](repeating: 4, count: 65_536), [0, 255, 0xF2],
    ]

    private static func list(_ elements: [[UInt8]]) -> [UInt8] {
        var buffer = ByteBuffer()
        for element in elements { buffer.appendPacked(element.span) }
        return buffer.bytes.copied()
    }

    private static func elements(_ bytes: [UInt8]) -> [[UInt8]] {
        let list = PackedList(bytes.span)
        var elements: [[UInt8]] = []
        var offset = 0
        while offset < bytes.count {
            list.withString(at: offset) { elements.append($0.copied()) }
            offset = list.next(after: offset)
        }
        return elements
    }

    /// The macro cannot take an expression with a span in it.
    private static func isValid(_ bytes: [UInt8], step: Int = 1) -> Bool { PackedList.isValid(bytes.span, step: step) }

    @Test func elementsComeBackAsTheyWere() {
        let bytes = Self.list(Self.samples)
        #expect(Self.elements(bytes) == Self.samples)
        let count = PackedList(bytes.span).count
        #expect(count == Self.samples.count)
        #expect(Self.isValid(bytes))
    }

    @Test func numbersTakeNoMoreThanTheirText() {
        for sample in Self.samples where sample.count < 240 {
            #expect(Self.list([sample]).count <= sample.count + 1)
        }
        #expect(Self.list([Array("1732192800".utf8)]).count == 5)
    }

    @Test func everyElementIsFoundWhereItStands() {
        let bytes = Self.list(Self.samples)
        for (index, sample) in Self.samples.enumerated() {
            guard case .found(let offset) = PackedList(bytes.span).search(sample.span) else {
                Issue.record("element \(index) is not found")
                continue
            }
            let expected = PackedList(bytes.span).offset(of: index)
            #expect(expected == offset)
        }
        guard case .absent(let count) = PackedList(bytes.span).search(Array("43".utf8).span) else {
            Issue.record("found what is not there")
            return
        }
        #expect(count == Self.samples.count)
    }

    @Test func aSearchBySteps() {
        let bytes = Self.list(["a", "b", "b", "a"].map { Array($0.utf8) })
        guard case .found(let offset) = PackedList(bytes.span).search(Array("b".utf8).span, step: 2) else {
            Issue.record("not found")
            return
        }
        #expect(offset == 4)
    }

    @Test func cutListsAreNotValid() {
        let bytes = Self.list(Self.samples)
        let borders = Swift.Set(Self.samples.indices.compactMap { PackedList(bytes.span).offset(of: $0) })
        for count in 1..<600 where !borders.contains(count) {
            #expect(!Self.isValid(Array(bytes.prefix(count))), "\(count) bytes")
        }
        #expect(!Self.isValid([0xF8, 0]))
        #expect(!Self.isValid(Self.list([[1], [2], [3]]), step: 2))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func integersStaySorted(seed: UInt64) {
        var dice = SeededRandom(seed: seed)
        var model: [Int64] = []
        var block = ByteBuffer()
        for step in 0..<400 {
            let scale = [1, 100, 100_000, 1 << 40][dice.below(4)]
            let value = Int64(dice.below(200) - 100) * Int64(scale)
            let found = SortedIntegers(block.bytes).search(value)
            switch found {
            case .found(let index): #expect(model[index] == value, "seed \(seed), step \(step)")
            case .absent(let index):
                #expect(!model.contains(value), "seed \(seed), step \(step)")
                model.insert(value, at: index)
                var next = ByteBuffer()
                next.appendIntegers(SortedIntegers(block.bytes), inserting: value, at: index)
                swap(&next, &block)
            }
            let integers = SortedIntegers(block.bytes)
            let present = (0..<integers.count).map { integers[$0] }
            #expect(present == model, "seed \(seed), step \(step)")
        }
        #expect(model == model.sorted())
    }
}
