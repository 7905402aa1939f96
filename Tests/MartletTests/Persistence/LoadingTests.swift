// While the data is being loaded: clients are told to wait, a few commands are answered, and the server can be stopped.

import Dispatch
import Synchronization
import Testing

@testable import Martlet

struct LoadingTests {
    /// A server that is loading slowly until `body` is through; what its start came to.
    private static func whileLoading(
        _ body: @Sendable (SocketClient, StopSwitch) throws -> Void
    ) throws -> Result<Void, StartError> {
        let directory = try ScratchDirectory()
        let files = MemoryFileSystem()
        var configuration = Configuration()
        configuration.dir = "/data"
        let writer = try TestServer(configuration: configuration, fileSystem: files)
        for number in 0..<100_000 { try writer.run("SET key\(number) v") }
        try writer.expect(["SAVE": .ok])
        var options = StartOptions()
        options.configuration = configuration
        options.configuration.port = 0
        options.configuration.unixsocket = directory.path + "/socket"
        options.configuration.keyLoadDelay = 100_000
        options.listening = .configured
        options.isDaemon = true
        options.fileSystem = files
        let stopSwitch = StopSwitch()
        options.stopSwitch = stopSwitch
        let isListening = DispatchSemaphore(value: 0)
        options.whenListening = { isListening.signal() }
        let (start, ended) = (options, DispatchSemaphore(value: 0))
        let outcome = Mutex<Result<Void, StartError>>(.success(()))
        let starter = Starter {
            do throws(StartError) {
                let server = try MartletServer(start)
                server.stop()
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
            ended.signal()
        }
        starter.run()
        isListening.wait()
        let client = try SocketClient(path: options.configuration.unixsocket)
        try body(client, stopSwitch)
        ended.wait()
        return outcome.withLock { $0 }
    }

    /// Runs something on a queue of its own.
    private struct Starter {
        let work: @Sendable () -> Void

        func run() { DispatchQueue(label: "starter").async(execute: work) }
    }

    @Test func clientsAreToldToWait() throws {
        let result = try Self.whileLoading { client, _ in
            let loading = RESPValue.error("LOADING Redis is loading the dataset in memory")
            #expect(try client.call("GET", "key1") == loading)
            #expect(try client.call("PING") == loading)
            #expect(try client.call("SAVE") == loading)
            let info = try client.call("INFO", "persistence").string ?? ""
            #expect(info.contains("\r\nloading:1\r\n") && info.contains("\r\nloading_total_bytes:"))
            #expect(try client.call("CONFIG", "SET", "key-load-delay", "0") == .ok)
        }
        #expect(throws: Never.self) { try result.get() }
    }

    @Test func aServerThatIsLoadingCanBeStopped() throws {
        let byCommand = try Self.whileLoading { client, _ in try client.request("SHUTDOWN") }
        #expect(throws: StartError.self) { try byCommand.get() }
        let bySignal = try Self.whileLoading { _, stopSwitch in stopSwitch.press(because: "enough") }
        #expect(throws: StartError.self) { try bySignal.get() }
    }

    @Test func aSignalBeforeTheServerIsThereCounts() throws {
        let stopSwitch = StopSwitch()
        stopSwitch.press(because: "early")
        #expect(stopSwitch.isPressed)
        var options = StartOptions()
        options.stopSwitch = stopSwitch
        #expect(throws: StartError.self) { try MartletServer(options) }
    }
}
