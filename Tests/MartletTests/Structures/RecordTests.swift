// Records: every field in its place whatever the key, the deadline and the payload, and objects retained exactly once.

import Testing

@testable import Martlet

struct RecordTests {
    /// A record in memory of its own, surrounded by bytes that must stay as they are.
    private final class Plot {
        let record: Record
        private let memory: UnsafeMutableRawBufferPointer
        private static let margin = 32

        init(key: [UInt8], payloadCount: Int, kind: UInt8 = 0x81, hasDeadline: Bool, access: UInt32 = 0) {
            let count = Record.byteCount(
                keyCount: key.count, payloadCount: payloadCount, timing: hasDeadline ? .own : .none)
            let start = UnsafeMutableRawPointer.allocate(byteCount: count + 2 * Self.margin, alignment: 16)
            memory = UnsafeMutableRawBufferPointer(start: start, count: count + 2 * Self.margin)
            memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
            let address = start + Self.margin
            record = key.withUnsafeBytes { key in
                Record(
                    at: address, key: key, payloadCount: payloadCount, kind: kind,
                    timing: hasDeadline ? .own : .none, access: access)
            }
        }

        deinit { memory.deallocate() }

        var marginsAreIntact: Bool {
            memory.prefix(Self.margin).allSatisfy { $0 == 0xEE } && memory.suffix(Self.margin).allSatisfy { $0 == 0xEE }
        }
    }

    static let keyCounts = [0, 1, 7, 24, 255, 256, 65_534, 65_535, 65_536, 100_000]

    @Test(arguments: keyCounts, [false, true])
    func fieldsKeepApart(keyCount: Int, hasDeadline: Bool) {
        var random = TestRandom()
        for payloadCount in [0, 1, 8, 44, 4096, 65_535] {
            let key = random.bytes(keyCount)
            let plot = Plot(
                key: key, payloadCount: payloadCount, kind: 0x5A, hasDeadline: hasDeadline, access: 0xAB_CDEF)
            let record = plot.record
            let payload = random.bytes(payloadCount)
            record.payload.copyBytes(from: payload)
            record.epoch = 0x77
            if hasDeadline {
                record.deadline = 0x0123_4567_89AB_CDEF
                record.filing = WheelFiling(slot: 0x1234, position: 0x5678_9ABC)
            }
            #expect(record.kind == 0x5A)
            #expect(record.epoch == 0x77)
            #expect(record.access == 0xAB_CDEF)
            #expect(record.keyCount == keyCount)
            #expect(Array(record.keyBytes) == key, "seed \(random.seed)")
            #expect(record.payloadCount == payloadCount)
            #expect(Array(record.payload) == payload, "seed \(random.seed)")
            #expect(record.hasDeadline == hasDeadline)
            #expect(!record.holdsObject)
            if hasDeadline {
                #expect(record.deadline == 0x0123_4567_89AB_CDEF)
                #expect(record.filing == WheelFiling(slot: 0x1234, position: 0x5678_9ABC))
            }
            record.kind = 1
            record.access = 0x01_0203
            #expect(record.kind == 1 && record.access == 0x01_0203 && record.epoch == 0x77)
            #expect(plot.marginsAreIntact)
            let end = UInt(bitPattern: record.address) + UInt(record.byteCount)
            #expect(record.payload.baseAddress.map { UInt(bitPattern: $0) + UInt(payloadCount) } == end)
        }
    }

    @Test func freshRecordIsNotFiled() {
        let plot = Plot(key: [1], payloadCount: 0, hasDeadline: true)
        #expect(plot.record.filing == .none)
    }

    @Test func headerIsSmall() {
        #expect(Record.byteCount(keyCount: 24, payloadCount: 64, timing: .none) == 98)
        #expect(Record.byteCount(keyCount: 24, payloadCount: 64, timing: .own) == 112)
    }

    @Test(arguments: [false, true])
    func payloadIsResizedWithinItsSizeClass(hasDeadline: Bool) {
        let key = Array("some key".utf8)
        for count in [0, 1, 20, 44, 500, 4000] {
            let plot = Plot(key: key, payloadCount: count, hasDeadline: hasDeadline)
            let record = plot.record
            let size = Heap.roundedSize(record.byteCount)
            for wanted in 0...(count + 600) {
                let needed = Record.byteCount(
                    keyCount: key.count, payloadCount: wanted, timing: hasDeadline ? .own : .none)
                let isResized = record.resizePayload(to: wanted)
                #expect(isResized == (Heap.roundedSize(needed) == size))
                if isResized { #expect(record.payloadCount == wanted) }
                #expect(Array(record.keyBytes) == key)
            }
        }
        #expect(!Plot(key: key, payloadCount: 65_535, hasDeadline: false).record.resizePayload(to: 65_536))
    }

    private final class Object: RecordObject {}

    @Test(arguments: [0, 24, 70_000], [false, true])
    func objectsAreRetainedExactlyOnce(keyCount: Int, hasDeadline: Bool) {
        let plot = Plot(key: [UInt8](repeating: 1, count: keyCount), payloadCount: 8, hasDeadline: hasDeadline)
        let record = plot.record
        weak var watched: Object?
        do {
            let object = Object()
            watched = object
            record.setObject(object)
        }
        #expect(watched != nil)
        #expect(record.holdsObject)
        #expect(record.object(as: Object.self) === watched)
        #expect(record.hasDeadline == hasDeadline)
        do {
            let taken = record.takeObject()
            #expect(taken === watched)
            #expect(!record.holdsObject)
        }
        #expect(watched == nil)
        // The place is free for another.
        record.setObject(Object())
        #expect(record.holdsObject)
        _ = record.takeObject()
        #expect(plot.marginsAreIntact)
    }
}
