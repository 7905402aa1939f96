// Builds an engine from what a server is started with.

extension Engine {
    convenience init(_ options: StartOptions) throws(StartError) {
        let memoryBefore = options.isDaemon ? 0 : SystemMemory.mallocBytes()?.inUse ?? 0
        let clock = Clock((options.fake?.clock ?? options.clock).map { .manual($0) } ?? .system)
        var configuration = options.configuration
        if let directory = try? FileNames.resolved(configuration.dir) { configuration.dir = directory }
        let log = Log(options.log, configuration, clock: clock)
        log.becomeServer()
        let random = SeededRandom(seed: options.seed ?? Self.systemSeed())
        var seeds = random
        let keyspace = Keyspace(
            databaseCount: configuration.databases, seed: HashSeed(seeds.next(), seeds.next()),
            random: SeededRandom(seed: seeds.next()), now: clock.wallMilliseconds())
        let loop: EventLoop
        do throws(SystemError) {
            loop = try EventLoop(label: "martlet.engine")
        } catch {
            throw .system("Cannot create the event loop: \(error)")
        }
        var families = CommandTable.families
        if let fake = options.fake, fake.offersCommand { families.append([FakeCommand.spec(fake)]) }
        let renamed: [String: String]
        do throws(ConfigurationError) {
            renamed = try CommandRenaming.names(after: configuration.renamedCommands, of: families)
        } catch {
            throw .configuration(error.report(version: ServerVersion.redis))
        }
        let identity = ServerIdentity(
            runID: Self.runID(&seeds), replicationID: Self.runID(&seeds),
            startedAtMonotonicSeconds: clock.monotonicNanoseconds() / 1_000_000_000,
            executable: (try? CurrentProcess.executablePath()) ?? "", configurationFile: options.configurationFile,
            role: options.isDaemon ? .daemon : .embedded, supervisor: options.host?.supervisorName ?? "no")
        let server = ServerContext(
            keyspace: keyspace, configuration: configuration,
            commands: CommandIndex(families, renamed: renamed), clock: clock, identity: identity, log: log)
        server.keyspace.value.lazyFree = LazyFreePolicy(configuration)
        server.keyspace.value.encodingLimits = EncodingLimits(configuration)
        server.keyspace.value.journal.wantedEvents = KeyEventClasses(letters: configuration.notifyKeyspaceEvents)
        server.followMemoryLimit()
        server.interceptor = options.fake
        let fileSystem: any FileSystem = if let fake = options.fake { fake.files } else { options.fileSystem }
        self.init(server: server, loop: loop, clock: clock, fileSystem: fileSystem, host: options.host)
        try takeUsers()
        server.memoryAtStart = max(0, (SystemMemory.mallocBytes()?.inUse ?? 0) - memoryBefore)
        server.statistics.value.peakMemory = server.usedMemory
    }

    private static func systemSeed() -> UInt64 {
        Entropy.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func runID(_ random: inout SeededRandom) -> String {
        let digits = Array("0123456789abcdef")
        return String((0..<40).map { _ in digits[random.below(16)] })
    }
}
