// Up to which size collections stay in their small encodings: the `*-max-*` directives.

struct EncodingLimits {
    var hashEntries = 512
    var hashValue = 64
    var setIntegers = 512
    var setEntries = 128
    var setValue = 64

    /// A hash with values longer than `hashValue` stays one block up to this size and number of fields. A table would
    /// take twice the memory, and looking through so little takes no longer than hashing.
    static let blockBytes = 4096
    static let blockFields = 64

    init() {}

    init(_ configuration: Configuration) {
        hashEntries = configuration.hashMaxListpackEntries
        hashValue = configuration.hashMaxListpackValue
        setIntegers = configuration.setMaxIntsetEntries
        setEntries = configuration.setMaxListpackEntries
        setValue = configuration.setMaxListpackValue
    }
}
