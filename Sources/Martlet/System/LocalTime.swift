// A moment in the time zone of the machine, for people.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct LocalTime {
    private let fields: tm
    private let milliseconds: Int

    init(wallMicroseconds: Int64) {
        var seconds = time_t(wallMicroseconds / 1_000_000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        self.fields = fields
        milliseconds = Int(wallMicroseconds / 1000 % 1000)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `20 Nov 2026 23:27:51.057`
    var logText: String {
        let month = Self.months[min(max(Int(fields.tm_mon), 0), 11)]
        let time = "\(Self.two(fields.tm_hour)):\(Self.two(fields.tm_min)):\(Self.two(fields.tm_sec))"
        let fraction = String(1000 + milliseconds).suffix(3)
        return "\(Self.two(fields.tm_mday)) \(month) \(fields.tm_year + 1900) \(time).\(fraction)"
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
