// What SET and GETEX say about the deadline: EX, PX, EXAT or PXAT with a number, or a word that excludes them, KEEPTTL
// for SET and PERSIST for GETEX. The same one may be repeated, then the last one counts; two different ones are an
// error.

enum ExpiryOption {
    case none
    /// KEEPTTL or PERSIST.
    case keyword
    /// The number stands at `word`.
    case at(ExpireTime, word: Int)

    /// Takes the option at `index` and moves on to the next word; false when there is none that may follow.
    mutating func take(_ arguments: borrowing Arguments, at index: inout Int, keyword: StaticString) -> Bool {
        let time = ExpireTime(option: arguments, at: index)
        switch self {
        case .none: break
        case .keyword where time == nil: break
        case .at(let present, _) where time == present: break
        case .keyword, .at: return false
        }
        guard let option = ExpiryOption(arguments, at: &index, keyword: keyword) else { return false }
        self = option
        return true
    }

    /// The option at `index`, which moves on to the next word; nil when there is none.
    init?(_ arguments: borrowing Arguments, at index: inout Int, keyword: StaticString) {
        if let time = ExpireTime(option: arguments, at: index), index + 1 < arguments.count {
            self = .at(time, word: index + 1)
            index += 2
        } else if arguments.matches(index, keyword) {
            self = .keyword
            index += 1
        } else {
            return nil
        }
    }
}
