// LATENCY GRAPH event: the samples of an event as a drawing.

enum LatencyGraph {
    private static let rows = 4
    private static let marks: [Character] = ["_", "o", "#"]

    /// Replies with a text: the extremes, a column for each sample, and under each how long ago it was.
    @Sendable
    static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let name = arguments.text(2)
        guard let event = LatencyEvent(rawValue: name), let series = call.server.latency[event],
            let high = series.samples.map(\.milliseconds).max(), let low = series.samples.map(\.milliseconds).min()
        else { throw ReplyError("ERR No samples available for event '", quoting: arguments[2], "'") }
        let now = call.server.clock.wallSeconds()
        let heading =
            "\(name) - high \(high) ms, low \(low) ms (all time high \(series.longest) ms)\n"
            + String(repeating: "-", count: 80) + "\n"
        let columns = series.samples.map { sample in
            column(of: sample.milliseconds, low: low, high: high) + Array(age(now - sample.time))
        }
        call.reply.verbatim(heading + lines(columns).map { $0 + "\n" }.joined())
    }

    /// From the top: blanks, a mark, and bars below it.
    private static func column(of value: Int64, low: Int64, high: Int64) -> [Character] {
        let steps = rows * marks.count
        let level = high > low ? Int(Double(value - low) / Double(high - low) * Double(steps - 1)) : 0
        return (0..<rows).map { row in
            let height = rows - 1 - row
            if height > level / marks.count { return " " }
            return height == level / marks.count ? marks[level % marks.count] : "|"
        }
    }

    private static func age(_ seconds: Int64) -> String {
        switch max(0, seconds) {
        case let seconds where seconds < 60: "\(seconds)s"
        case let seconds where seconds < 3600: "\(seconds / 60)m"
        case let seconds where seconds < 86_400: "\(seconds / 3600)h"
        case let seconds: "\(seconds / 86_400)d"
        }
    }

    /// Columns that stand side by side as lines.
    private static func lines(_ columns: [[Character]]) -> [String] {
        (0..<(columns.map(\.count).max() ?? 0)).map { row in
            String(columns.map { row < $0.count ? $0[row] : " " })
        }
    }
}
