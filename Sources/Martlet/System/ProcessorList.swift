// The processors that threads may run on, as redis.conf's `server-cpulist` and taskset(1) write them.
//
//   0,2,8-11    these                    0-7:2    every second one of these

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
#if os(Linux)
import CMartletSystem
#endif

struct ProcessorList: Equatable {
    /// As many as the kernel's fixed mask has bits for: their numbers are below this.
    private static let most = 1024
    private static let wordBits = UInt.bitWidth

    /// A bit for each, from the lowest of the first word on.
    private var mask = [UInt](repeating: 0, count: most / wordBits)

    /// Nil: that is no list.
    init?(_ text: String) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let numbers = Self.numbers(part) else { return nil }
            // Both indices are within bounds, because the number is below `most`.
            for number in numbers { mask[number / Self.wordBits] |= 1 << UInt(number % Self.wordBits) }
        }
    }

    var numbers: [Int] {
        (0..<Self.most).filter { mask[$0 / Self.wordBits] >> UInt($0 % Self.wordBits) & 1 == 1 }
    }

    /// `3`, `0-7` or `0-7:2`.
    private static func numbers(_ part: Substring) -> StrideTo<Int>? {
        let (range, step) = halves(part, at: ":")
        let (first, last) = halves(range, at: "-")
        guard let first = number(first), let last = last.map(number) ?? first, first <= last else { return nil }
        // A step belongs to a range.
        guard step == nil || range.contains("-"), let step = step.map(number) ?? 1, step > 0 else { return nil }
        return stride(from: first, to: last + 1, by: step)
    }

    private static func halves(_ text: Substring, at separator: Character) -> (Substring, Substring?) {
        guard let place = text.firstIndex(of: separator) else { return (text, nil) }
        return (text[..<place], text[place...].dropFirst())
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(text), number < most
        else { return nil }
        return number
    }

    /// Keeps the calling thread, and those that it starts from now on, to these.
    func confineThread() throws(SystemError) {
        #if os(Linux)
        _ = try checked("sched_setaffinity") {
            mask.withUnsafeBytes { martlet_set_affinity($0.count, $0.baseAddress) }
        }
        #else
        throw SystemError(errno: ENOTSUP, operation: "sched_setaffinity")
        #endif
    }
}
