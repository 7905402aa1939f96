// The largest of numbers that come now and then, as long as it is not long ago.

/// The largest number of late: of a period of four seconds and the one before.
struct RecentPeak {
    private var (present, before) = (0, 0)
    private var period: Int64 = 0

    mutating func note(_ number: Int, at seconds: Int64) {
        let now = seconds / 4
        if now != period {
            before = now - 1 == period ? present : 0
            (present, period) = (0, now)
        }
        present = max(present, number)
    }

    func value(at seconds: Int64) -> Int {
        switch seconds / 4 - period {
        case ...0: max(present, before)
        case 1: present
        default: 0
        }
    }
}
