// From a command line to a server that has run and stopped.

import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

enum Launch {
    /// Serves until a signal or SHUTDOWN ends it; or leaves that to a second process in the background.
    static func serve(_ arguments: ServerArguments, commandLine: [String]) {
        let isInBackground = ServerProcess.isInBackground()
        do throws(ConfigurationError) {
            var process = try ServerProcess(arguments, commandLine: commandLine)
            if process.wantsBackground, !isInBackground {
                try process.checkPlaces()
                startInBackground(process)
            } else {
                process.adoptProcess()
                try process.enterDirectory()
                run(&process)
            }
        } catch {
            ServerProcess.report(error)
            exit(1)
        }
    }

    private static func startInBackground(_ process: ServerProcess) {
        do throws(StartError) {
            try process.startInBackground()
        } catch {
            refuse(because: "\(error)\n")
        }
    }

    private static func run(_ process: inout ServerProcess) {
        Signals.ignoreHarmless()
        let stopSwitch = StopSwitch()
        let signals = Signals(for: stopSwitch)
        do throws(StartError) {
            try process.start(stoppedBy: stopSwitch).waitUntilStopped()
        } catch {
            // The log says why. Who stops a server that is loading gets what was asked for.
            if case .stopped = error {} else { exit(1) }
        }
        withExtendedLifetime(signals) {}
    }

    static func check(_ request: FileCheckRequest) {
        let isRight = FileCheck(request).run(
            print: { print($0) },
            confirm: { question in
                print(question, terminator: "")
                return readLine()?.lowercased().hasPrefix("y") ?? false
            })
        if !isRight { exit(1) }
    }

    static func refuse(because text: String) -> Never {
        ServerProcess.writeError(text)
        exit(1)
    }
}
