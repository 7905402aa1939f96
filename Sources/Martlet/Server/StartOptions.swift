// What a server is started with: by a program through MartletServer, by the daemon, or by a test.

/// Everything a server can be started with.
package struct StartOptions: Sendable {
    package var listening: Listening = .nowhere
    package var configuration = Configuration()
    package var log: LogDestination = .nowhere
    /// Nil for the system's clocks.
    package var clock: ManualClock?
    /// What makes the server a fake: its clock, faults and files in memory take the places of the others.
    package var fake: FakeControl?
    /// Nil for a seed from the system.
    package var seed: UInt64?
    /// Whether the process is this server and nothing else.
    package var isDaemon = false
    package var configurationFile = ""
    /// Nil for an embedded server.
    package var host: HostProcess?
    /// Stops the server from the time on when it begins to start.
    package var stopSwitch: StopSwitch?
    /// Called when everything is listened on, before data is loaded.
    package var whenListening: @Sendable () -> Void = {}
    /// Where data is kept.
    var fileSystem: any FileSystem = DiskFileSystem()

    package init() {}

    init(listening: Listening, configuration: Configuration, log: LogDestination) {
        self.listening = listening
        self.configuration = configuration
        self.log = log
    }
}
