// Reading a request's words as what a command needs: numbers, options, times. Texts of errors are Redis's.

extension Arguments {
    /// Whether word `index` is this option, in any case.
    func matches(_ index: Int, _ option: StaticString) -> Bool {
        self[index].equalsIgnoringCase(option)
    }

    func integer(_ index: Int, orThrow error: ReplyError = .notInteger) throws(ReplyError) -> Int64 {
        guard let value = parseInt64(self[index]) else { throw error }
        return value
    }

    /// An integer within bounds; outside of them `error`.
    func integer(
        _ index: Int, in bounds: ClosedRange<Int64>, orThrow error: ReplyError = .outOfRange
    ) throws(ReplyError) -> Int64 {
        let value = try integer(index)
        guard bounds.contains(value) else { throw error }
        return value
    }

    /// How many random elements are asked for; negative for any number of times the same.
    func randomCount(_ index: Int) throws(ReplyError) -> Int64 {
        let count = try integer(index)
        guard count > Int64.min else {
            throw ReplyError("ERR value is out of range, value must between -\(Int64.max) and \(Int64.max)")
        }
        return count
    }

    func double(_ index: Int) throws(ReplyError) -> Double {
        guard let value = parseDouble(self[index]) else { throw .notFloat }
        return value
    }
}

/// Units and origins of the times in EX, PX, EXAT and PXAT.
struct ExpireTime: Equatable {
    enum Unit: Int64 {
        case seconds = 1000
        case milliseconds = 1
    }

    let unit: Unit
    let isAbsolute: Bool

    /// The point in time in milliseconds that `value` means, checked as SET and GETEX check it: positive, no overflow.
    func deadline(_ value: Int64, now: Int64, command: String) throws(ReplyError) -> Int64 {
        guard value > 0 else { throw .invalidExpireTime(command) }
        let (scaled, tooLong) = value.multipliedReportingOverflow(by: unit.rawValue)
        guard !tooLong else { throw .invalidExpireTime(command) }
        let (sum, tooLate) = scaled.addingReportingOverflow(isAbsolute ? 0 : now)
        guard !tooLate else { throw .invalidExpireTime(command) }
        return sum
    }
}

extension ExpireTime {
    /// EX, PX, EXAT or PXAT at word `index`.
    init?(option arguments: borrowing Arguments, at index: Int) {
        if arguments.matches(index, "EX") {
            self.init(unit: .seconds, isAbsolute: false)
        } else if arguments.matches(index, "PX") {
            self.init(unit: .milliseconds, isAbsolute: false)
        } else if arguments.matches(index, "EXAT") {
            self.init(unit: .seconds, isAbsolute: true)
        } else if arguments.matches(index, "PXAT") {
            self.init(unit: .milliseconds, isAbsolute: true)
        } else {
            return nil
        }
    }
}
