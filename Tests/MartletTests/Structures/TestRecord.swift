// Records for the tests of the hash table: an address with a key behind it.

@testable import Martlet

/// malloc'd: an 8-byte length, then the key.
struct TestRecord: HashTableElement {
    let address: UnsafeMutableRawPointer

    init(_ address: UnsafeMutableRawPointer) {
        self.address = address
    }

    init(key: [UInt8]) {
        address = SystemMemory.allocate(bytes: 8 + key.count)
        address.storeBytes(of: key.count, as: Int.self)
        UnsafeMutableRawBufferPointer(start: address + 8, count: key.count).copyBytes(from: key)
    }

    init(key: String) {
        self.init(key: Array(key.utf8))
    }

    var keyBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: address + 8, count: address.load(as: Int.self))
    }

    var key: [UInt8] { [UInt8](keyBytes) }

    func free() {
        SystemMemory.free(address)
    }
}

extension HashTable where Element == TestRecord {
    mutating func add(_ record: TestRecord) {
        insert(record, hash: hash(record.keyBytes))
    }

    func find(_ key: [UInt8]) -> TestRecord? {
        key.withUnsafeBytes { find($0, hash: hash($0)) }
    }

    mutating func remove(_ key: [UInt8]) -> TestRecord? {
        let hash = key.withUnsafeBytes { self.hash($0) }
        return key.withUnsafeBytes { remove($0, hash: hash) }
    }

    mutating func freeAll() {
        visitAll { $0.free() }
        removeAll()
    }
}
