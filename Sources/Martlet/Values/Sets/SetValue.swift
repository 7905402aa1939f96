// Sets: sorted integers, one packed block, or a table.
//
//   encoding    payload
//   intset      SortedIntegers: all members are integers, and not many
//   listpack    PackedList: few and short members
//   hashtable   an object: SetObject

/// Where a member of a live record stands; good until the record's next change.
enum MemberPlace {
    case integer(Int)
    /// The offset in the packed block.
    case packed(Int)
    case entry(TableEntry)
}

extension ValueKind {
    static let setIntset = ValueKind(type: .set, encoding: .intset)
    static let setListpack = ValueKind(type: .set, encoding: .listpack)
    static let setTable = ValueKind(type: .set, encoding: .hashtable)
}

extension Record {
    var isSet: Bool { kind & 0x0F == ValueType.set.rawValue }

    var memberCount: Int {
        switch valueKind.encoding {
        case .intset: withPacked { SortedIntegers($0).count }
        case .listpack: withPacked { PackedList($0).count }
        default: object(as: SetObject.self).count
        }
    }

    @inline(__always)
    func place(ofMember member: ByteSpan) -> MemberPlace? {
        switch valueKind.encoding {
        case .intset:
            guard let integer = parseInt64(member) else { return nil }
            return withPacked { bytes in
                guard case .found(let index) = SortedIntegers(bytes).search(integer) else { return nil }
                return .integer(index)
            }
        case .listpack:
            return withPacked { bytes in
                guard case .found(let offset) = PackedList(bytes).search(member) else { return nil }
                return .packed(offset)
            }
        default: return object(as: SetObject.self).find(member).map { .entry($0) }
        }
    }

    /// The member at a place.
    func withMember<Result>(at place: MemberPlace, _ body: (ByteSpan) -> Result) -> Result {
        switch place {
        case .integer(let index): withPacked { withDecimal(SortedIntegers($0)[index], body) }
        case .packed(let offset): withPacked { PackedList($0).withString(at: offset, body) }
        case .entry(let entry): body(entry.key)
        }
    }

    func visitMembers(_ body: (ByteSpan) -> Void) {
        switch valueKind.encoding {
        case .intset:
            withPacked { bytes in
                let integers = SortedIntegers(bytes)
                for index in 0..<integers.count { withDecimal(integers[index], body) }
            }
        case .listpack:
            withPacked { bytes in
                let list = PackedList(bytes)
                var offset = 0
                while offset < bytes.count {
                    list.withString(at: offset, body)
                    offset = list.next(after: offset)
                }
            }
        default: object(as: SetObject.self).table.visitAll { body($0.key) }
        }
    }

    /// The places of all members.
    var memberPlaces: [MemberPlace] {
        switch valueKind.encoding {
        case .intset: return (0..<memberCount).map { .integer($0) }
        case .listpack:
            var places: [MemberPlace] = []
            withPacked { bytes in
                let list = PackedList(bytes)
                var offset = 0
                while offset < bytes.count {
                    places.append(.packed(offset))
                    offset = list.next(after: offset)
                }
            }
            return places
        default:
            var places: [MemberPlace] = []
            object(as: SetObject.self).table.visitAll { places.append(.entry($0)) }
            return places
        }
    }
}
