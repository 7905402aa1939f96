// What a server that is a process of its own does to that process: its title, its place in the order in which the
// kernel kills when memory runs out, and its supervisor. An embedded server leaves its program alone.

import Synchronization

package final class HostProcess: Sendable {
    private let title: ProcessTitle?
    private let program: String
    private let configurationFile: String
    /// The kernel's score before it was changed here.
    private let ownScore = Mutex(Int?.none)
    private let supervisor: Supervisor?
    /// What could not be done with the process, for the log.
    let complaints: [String]

    private static let scoreDirectives = ["oom-score-adj", "oom-score-adj-values"]

    /// To be made before there are other threads.
    init(program: String, configurationFile: String, _ configuration: Configuration) {
        title = configuration.setProcTitle ? ProcessTitle() : nil
        self.program = program
        self.configurationFile = configurationFile
        supervisor = .wanted(configuration.supervised)
        complaints = [Self.confine(configuration), Self.avoidHugePages(configuration)].compactMap { $0 }
    }

    /// Threads run where the one runs that starts them.
    private static func confine(_ configuration: Configuration) -> String? {
        guard !configuration.serverCPUList.isEmpty else { return nil }
        guard let list = ProcessorList(configuration.serverCPUList) else {
            return "server-cpulist '\(configuration.serverCPUList)' is no list of processors."
        }
        do throws(SystemError) {
            try list.confineThread()
            return nil
        } catch {
            return "Can't keep to the processors of server-cpulist '\(configuration.serverCPUList)': \(error)"
        }
    }

    private static func avoidHugePages(_ configuration: Configuration) -> String? {
        guard configuration.disableTHP else { return nil }
        do throws(SystemError) {
            try SystemMemory.avoidHugePages()
            return nil
        } catch {
            return "Can't do without huge pages, as disable-thp says: \(error)"
        }
    }

    /// As INFO names it.
    var supervisorName: String { supervisor?.rawValue ?? "no" }

    func ready() { supervisor?.ready() }
    func stopping() { supervisor?.stopping() }

    /// Makes the process what the configuration says at the start: a reason when that cannot be done.
    func follow(_ configuration: Configuration) -> String? {
        followCrashLog(configuration)
        return follow(configuration, changed: Self.scoreDirectives)
    }

    /// The same after a change of some directives.
    func follow(_ configuration: Configuration, changed: [String]) -> String? {
        title?.set(Self.titleText(configuration, program: program, file: configurationFile))
        if changed.contains("crash-log-enabled") { followCrashLog(configuration) }
        return changed.contains(where: Self.scoreDirectives.contains) ? followScore(configuration) : nil
    }

    private func followCrashLog(_ configuration: Configuration) {
        if configuration.crashLogEnabled {
            CrashReport.enable(logPath: configuration.logfile)
        } else {
            CrashReport.disable()
        }
    }

    /// Switched off, the score that was there before comes back, and is not looked at any more.
    private func followScore(_ configuration: Configuration) -> String? {
        let wanted = ownScore.withLock { own -> Int? in
            guard configuration.oomScoreAdj != "no" else { return own.take() }
            let before = own ?? OOMScore.current
            own = before
            let change = configuration.oomScoreAdjValues.first ?? 0
            return configuration.oomScoreAdj == "absolute" ? change : (before ?? 0) + change
        }
        guard let wanted else { return nil }
        do throws(SystemError) {
            try OOMScore.set(wanted)
            return nil
        } catch {
            return "Failed to apply new oom_score_adj configuration, check server logs."
        }
    }

    /// The template with its variables filled in; it was checked when it was set.
    static func titleText(_ configuration: Configuration, program: String, file: String) -> String {
        let host = configuration.bind.first { !$0.isEmpty } ?? "*"
        let address =
            configuration.port > 0
            ? "\(host.hasPrefix("-") ? String(host.dropFirst()) : host):\(configuration.port)"
            : configuration.unixsocket
        let variables = [
            "title": program, "listen-addr": address, "server-mode": "", "port": "\(configuration.port)",
            "tls-port": "0", "unixsocket": configuration.unixsocket, "config-file": file,
        ]
        var text = ""
        var rest = configuration.procTitleTemplate[...]
        while let character = rest.popFirst() {
            if character == "{", rest.first != "{", let end = rest.firstIndex(of: "}") {
                text += variables[String(rest[..<end])] ?? ""
                rest = rest[end...].dropFirst()
            } else {
                if character == "{" { rest = rest.dropFirst() }
                text.append(character)
            }
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}
