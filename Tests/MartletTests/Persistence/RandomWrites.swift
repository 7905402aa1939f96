// Random requests that change data: all types, deadlines, several databases, transactions, few keys.

@testable import Martlet

enum RandomWrites {
    static func line(_ random: inout SeededRandom) -> String {
        let key = "k\(random.below(6))"
        let other = "k\(random.below(6))"
        let number = random.below(100)
        let field = "f\(random.below(7))"
        let time = random.below(60) + 1
        let lines = [
            "SET \(key) \(number)", "SET \(key) \(number) PX \(time)", "SET \(key) v KEEPTTL", "INCR \(key)",
            "APPEND \(key) x", "INCRBYFLOAT \(key) 0.25", "SETRANGE \(key) 3 abc", "GETDEL \(key)",
            "GETEX \(key) PX \(time)", "PEXPIRE \(key) \(time)", "PERSIST \(key)", "DEL \(key) \(other)",
            "UNLINK \(key)", "RENAME \(key) \(other)", "COPY \(key) \(other) REPLACE", "MOVE \(key) 1",
            "HSET \(key) \(field) \(number) g \(number)", "HDEL \(key) \(field)", "HINCRBY \(key) \(field) 3",
            "HINCRBYFLOAT \(key) \(field) 0.5", "HPEXPIRE \(key) \(time) FIELDS 2 \(field) g",
            "HPERSIST \(key) FIELDS 1 \(field)", "HSETNX \(key) \(field) 1",
            "HSETEX \(key) PX \(time) FIELDS 1 \(field) 9", "HSETEX \(key) FNX KEEPTTL FIELDS 1 \(field) 8",
            "HGETEX \(key) PX \(time) FIELDS 1 \(field)", "HGETDEL \(key) FIELDS 1 \(field)",
            "SADD \(key) \(number) a b", "SREM \(key) a \(number)", "SPOP \(key)", "SPOP \(key) 2",
            "SMOVE \(key) \(other) a", "SUNIONSTORE \(key) \(other) \(key)", "SELECT \(random.below(2))",
            "SWAPDB 0 1", "FLUSHDB", "MULTI", "EXEC", "MSET \(key) 1 \(other) 2",
        ]
        // Emptying everything all the time would leave little to look at.
        let line = lines[random.below(lines.count)]
        return line == "FLUSHDB" && random.below(8) > 0 ? "PING" : line
    }
}
