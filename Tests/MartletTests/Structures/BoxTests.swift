// Boxes and fixed arrays: one owner, one address, and everything given back.

import Testing

@testable import Martlet

/// Counts how many of its kind are alive.
final class LifeCount {
    private(set) var alive = 0

    /// One life, which ends with the value.
    struct Token: ~Copyable {
        let count: LifeCount
        let name: Int

        init(_ count: LifeCount, _ name: Int = 0) {
            self.count = count
            self.name = name
            count.alive += 1
        }

        deinit { count.alive -= 1 }
    }
}

struct BoxTests {
    @Test func valueIsChangedInPlaceAndFreed() {
        let lives = LifeCount()
        do {
            let box = Box(LifeCount.Token(lives, 1))
            #expect(lives.alive == 1)
            #expect(box.value.name == 1)
            box.value = LifeCount.Token(lives, 2)
            #expect(lives.alive == 1)
            #expect(box.value.name == 2)
        }
        #expect(lives.alive == 0)
    }

    private func address(of box: borrowing Box<[Int]>) -> UInt {
        withUnsafeMutablePointer(to: &box.value) { UInt(bitPattern: $0) }
    }

    @Test func addressStaysWhenTheBoxMoves() {
        let first = Box([1, 2, 3])
        let before = address(of: first)
        let second = first
        second.value.append(4)
        #expect(before == address(of: second))
        #expect(second.value == [1, 2, 3, 4])
    }

    @Test func fixedArrayKeepsItsElements() {
        let lives = LifeCount()
        do {
            let array = FixedArray(count: 5) { LifeCount.Token(lives, $0) }
            #expect(array.count == 5)
            #expect(lives.alive == 5)
            array.swap(1, 3)
            array.swap(2, 2)
            #expect((0..<5).map { array[$0].name } == [0, 3, 2, 1, 4])
            do {
                let old = array.exchange(4, with: LifeCount.Token(lives, 9))
                #expect(old.name == 4)
                #expect(lives.alive == 6)
            }
            #expect(lives.alive == 5)
            #expect(array[4].name == 9)
        }
        #expect(lives.alive == 0)
    }

    @Test func emptyFixedArray() {
        let array = FixedArray(count: 0) { $0 }
        #expect(array.count == 0)
    }
}

struct GrowableArrayTests {
    @Test func agreesWithAnArray() {
        var random = TestRandom()
        var array = GrowableArray<UInt64>(capacity: 1)
        var model: [UInt64] = []
        for _ in 0..<5000 {
            switch random.below(20) {
            case 0:
                let amount = random.below(model.count + 1)
                array.removeLast(amount)
                model.removeLast(amount)
            case 1 where random.below(50) == 0:
                array.removeAll(keeping: random.below(4) * 100)
                model = []
            case 2 where !model.isEmpty:
                let index = random.below(model.count)
                array[index] = 7
                model[index] = 7
            default:
                let value = random.next()
                array.append(value)
                model.append(value)
            }
            #expect(array.count == model.count, "seed \(random.seed)")
            if let last = model.last { #expect(array[array.count - 1] == last, "seed \(random.seed)") }
        }
        #expect((0..<array.count).map { array[$0] } == model, "seed \(random.seed)")
    }
}
