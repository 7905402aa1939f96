// Measurements inside one process, for Benchmarks/compare and for people.
//
//     martlet-benchmarks in-process-get [calls]    GET through server.connect(), loop at rest, one thread and one task
//     martlet-benchmarks start [rounds]            from nothing to the first reply

import Martlet

let arguments = CommandLine.arguments.dropFirst()
let count = arguments.dropFirst().first.flatMap(Int.init)

switch arguments.first {
case "in-process-get": try await measureInProcessGet(calls: count ?? 1_000_000)
case "start": try measureStart(rounds: count ?? 200)
default: print("usage: martlet-benchmarks in-process-get [calls] | start [rounds]")
}

/// Prints the median of seven rounds: microseconds per call, blocking form and async form.
func measureInProcessGet(calls: Int) async throws {
    let server = try MartletServer()
    let connection = try server.connect()
    let value = String(repeating: "v", count: 64)
    for index in 0..<1000 { _ = try blocking(connection, ["SET", "key:\(index)", value]) }
    let keys = (0..<1000).map { "key:\($0)" }
    var blockingRounds: [Double] = []
    var asyncRounds: [Double] = []
    var found = 0
    for _ in 0..<7 {
        blockingRounds.append(
            try perCall(calls) { try found += length(blocking(connection, ["GET", keys[$0 % 1000]])) })
        let clock = ContinuousClock()
        let start = clock.now
        for index in 0..<calls {
            found += length(try await connection.send(["GET", keys[index % 1000]]))
        }
        asyncRounds.append(microseconds(clock.now - start, calls))
    }
    precondition(found == 14 * calls * 64, "a value was not found")
    print("in-process-get us_per_call blocking=\(middle(blockingRounds)) async=\(middle(asyncRounds))")
    server.stopNow()
}

/// Prints the median and the worst time from creating a server to its first reply.
func measureStart(rounds: Int) throws {
    var times: [Double] = []
    for _ in 0..<rounds {
        let clock = ContinuousClock()
        let start = clock.now
        let server = try MartletServer()
        _ = try blocking(try server.connect(), ["PING"])
        times.append(microseconds(clock.now - start, 1))
        server.stopNow()
    }
    times.sort()
    print("start us_to_first_reply median=\(rounded(times[times.count / 2])) worst=\(rounded(times[times.count - 1]))")
}

/// The blocking form, also where an async one would be chosen.
func blocking(_ connection: LocalConnection, _ words: [any RESPArgument]) throws -> RESPValue {
    try connection.send(words)
}

func length(_ reply: RESPValue) -> Int {
    if case .bulkString(let bytes) = reply { bytes.count } else { 0 }
}

extension MartletServer {
    /// The blocking form of `stop`.
    func stopNow() { stop() }
}

func perCall(_ calls: Int, _ body: (Int) throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    for index in 0..<calls { try body(index) }
    return microseconds(clock.now - start, calls)
}

func microseconds(_ duration: Duration, _ calls: Int) -> Double {
    Double(duration.components.seconds) * 1e6 / Double(calls)
        + Double(duration.components.attoseconds) / 1e12 / Double(calls)
}

func middle(_ values: [Double]) -> Double { rounded(values.sorted()[values.count / 2]) }

func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
