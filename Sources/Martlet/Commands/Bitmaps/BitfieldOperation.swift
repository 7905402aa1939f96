// One operation of BITFIELD: how it is read and what it does to a string.

struct BitfieldOperation {
    enum Action {
        case get
        case set(Int64)
        case increment(Int64)
    }

    enum Result {
        case read(Int64)
        /// The reply, and whether the field got another value.
        case written(Int64, isNew: Bool)
        case overflow
    }

    let isSigned: Bool
    let width: Int
    let offset: Int
    let action: Action
    let overflow: BitfieldOverflow

    /// The bit behind the field, for an operation that writes.
    var writeEnd: Int? {
        if case .get = action { nil } else { offset + width }
    }

    // MARK: Work

    /// The field in `bytes`, behind which everything is zero.
    func value(in bytes: ByteSpan) -> Int64 {
        if isSigned { return signedBitfield(in: bytes, offset: offset, width: width) }
        // Unsigned fields have at most 63 bits.
        return Int64(unsignedBitfield(in: bytes, offset: offset, width: width))
    }

    /// `bytes` must reach to the field's end if this writes.
    func perform(on bytes: inout MutableSpan<UInt8>) -> Result {
        let old = value(in: bytes.span)
        let new: Int64?
        switch action {
        case .get: return .read(old)
        case .set(let value): new = fitted(value, adding: 0)
        case .increment(let increment): new = fitted(old, adding: increment)
        }
        guard let new else { return .overflow }
        setBitfield(in: &bytes, offset: offset, width: width, to: UInt64(bitPattern: new))
        if case .set = action { return .written(old, isNew: old != new) }
        return .written(new, isNew: old != new)
    }

    /// The sum as the field can hold it; nil where an overflow is to fail.
    private func fitted(_ value: Int64, adding increment: Int64) -> Int64? {
        if isSigned { return signedBitfieldSum(value, increment, width: width, overflow: overflow) }
        // A negative value is a large one here, as in Redis; the sum is at most 63 bits wide.
        return unsignedBitfieldSum(UInt64(bitPattern: value), increment, width: width, overflow: overflow)
            .map { Int64($0) }
    }

    // MARK: Parsing

    /// The operations from word 2 on, in strings of at most `limit` bytes.
    static func parse(_ arguments: borrowing Arguments, limit: Int) throws(ReplyError) -> [BitfieldOperation] {
        var operations: [BitfieldOperation] = []
        var overflow = BitfieldOverflow.wrap
        var index = 2
        while index < arguments.count {
            let left = arguments.count - index - 1
            if arguments.matches(index, "OVERFLOW"), left >= 1 {
                overflow = try parseOverflow(arguments, index + 1)
                index += 2
                continue
            }
            let isGet = arguments.matches(index, "GET") && left >= 2
            let isSet = arguments.matches(index, "SET") && left >= 3
            let isIncrement = arguments.matches(index, "INCRBY") && left >= 3
            guard isGet || isSet || isIncrement else { throw .syntax }
            let (isSigned, width) = try parseType(arguments[index + 1])
            let offset = try arguments.bitOffset(index + 2, limit: limit, width: width)
            let action: Action
            if isGet {
                action = .get
            } else {
                let number = try arguments.integer(index + 3)
                action = isSet ? .set(number) : .increment(number)
            }
            operations.append(
                BitfieldOperation(isSigned: isSigned, width: width, offset: offset, action: action, overflow: overflow))
            index += isGet ? 3 : 4
        }
        return operations
    }

    private static func parseOverflow(
        _ arguments: borrowing Arguments, _ index: Int
    ) throws(ReplyError) -> BitfieldOverflow {
        if arguments.matches(index, "WRAP") { return .wrap }
        if arguments.matches(index, "SAT") { return .saturate }
        if arguments.matches(index, "FAIL") { return .fail }
        throw ReplyError("ERR Invalid OVERFLOW type specified")
    }

    /// `i1` to `i64`, `u1` to `u63`.
    private static func parseType(_ word: ByteSpan) throws(ReplyError) -> (isSigned: Bool, width: Int) {
        let sign = word.isEmpty ? 0 : word[0]
        let isSigned = sign == UInt8(ascii: "i")
        guard isSigned || sign == UInt8(ascii: "u"), let width = parseInt64(word.extracting(droppingFirst: 1)),
            width >= 1, width <= (isSigned ? 64 : 63)
        else {
            throw ReplyError(
                "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
        }
        return (isSigned, Int(width))
    }
}
