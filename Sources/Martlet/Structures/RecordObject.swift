// What a record holds by reference when it is too large, or too lively, to stand in the record itself.

/// A base class and not a protocol, because a record keeps nothing but the object's address.
class RecordObject {
    /// Memory that the object takes, its own bookkeeping included.
    var memoryBytes: Int { 0 }

    /// About how many allocations go when the object goes: what it costs to free it.
    var freeEffort: Int { 1 }

    /// The part of it that the object counts itself, so that those who share it need not; see LargeBytesAccount.
    var selfCountedBytes: Int { 0 }

    /// Belongs to the server whose account this is, from now on.
    func join(_ account: LargeBytesAccount) {}

    /// Another thread will free the object, which nobody else holds; nil when it does not count itself.
    func depart() -> Departure? { nil }

    /// The same content for another record; may be the object itself when whoever changes it makes sure to be alone.
    func copy() -> RecordObject { self }
}
