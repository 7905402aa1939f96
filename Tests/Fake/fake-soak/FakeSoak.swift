// Starts and stops fakes by the thousand, and looks whether anything stays: descriptors, threads, memory, files.
//
//     fake-soak COUNT
//
// Prints one line of JSON with what a start takes and what there was before and after; exits with 1 when there is more.

import Foundation
import Martlet
import MartletClient
import MartletTesting
import TestSupport

@main
struct FakeSoak {
    static func main() async throws {
        guard CommandLine.arguments.count == 2, let count = Int(CommandLine.arguments[1]), count > 0 else {
            print("usage: fake-soak COUNT")
            exit(2)
        }
        let path = FileManager.default.temporaryDirectory.appending(path: "martlet-soak-\(getpid())").path
        let places: [MartletFake.Place] = [.inProcess, .tcp, .unix(path: path)]
        // What the process needs once: threads of the pool, the client's loop.
        for _ in 0..<(count / 4 + 10) { try await run(places) }
        let before = try Footprint()
        var starts: [Duration] = []
        for _ in 0..<count { starts.append(try await run(places)) }
        var after = try Footprint()
        // What has been stopped goes a little later.
        for _ in 0..<600 where !after.isWithin(before) {
            try await Task.sleep(for: .milliseconds(100))
            after = try Footprint()
        }
        let median = starts.sorted()[count / 2] / .milliseconds(1)
        let figures: [String: Double] = [
            "start to first reply ms": median, "descriptors before": Double(before.descriptors),
            "descriptors after": Double(after.descriptors), "threads before": Double(before.threads),
            "threads after": Double(after.threads), "KiB before": Double(before.kibibytes),
            "KiB after": Double(after.kibibytes),
        ]
        let line = try JSONSerialization.data(withJSONObject: figures, options: .sortedKeys)
        print(String(decoding: line, as: UTF8.self))
        if FileManager.default.fileExists(atPath: path) || !after.isWithin(before) { exit(1) }
    }

    /// One fake of each kind; returns how long the one in process took from its start to its first reply.
    @discardableResult
    static func run(_ places: [MartletFake.Place]) async throws -> Duration {
        var first = Duration.zero
        for place in places {
            let start = ContinuousClock.now
            let fake = try MartletFake(place)
            let client =
                if let url = fake.url { try RedisClient(RedisClientConfiguration(url: url).patient) } else {
                    fake.makeClient()
                }
            try await client.send("SET", "key", "value")
            if place == .inProcess { first = ContinuousClock.now - start }
            fake.add(Fault(.error(.loading), on: "GET"))
            fake.clock.advance(by: .seconds(1))
            client.close()
            await fake.stop()
        }
        return first
    }
}

/// What the kernel says about this process.
private struct Footprint {
    let descriptors: Int
    let threads: Int
    let kibibytes: Int

    init() throws {
        descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        kibibytes = line.split(separator: " ").compactMap { Int($0) }.first ?? 0
    }

    /// The pool of threads breathes, a closed client's descriptor goes a little later, and the allocator keeps some
    /// pages: what stays of each fake is far more than that.
    func isWithin(_ before: Footprint) -> Bool {
        descriptors <= before.descriptors + 8 && threads <= before.threads + 4
            && kibibytes <= before.kibibytes + 4096
    }
}
