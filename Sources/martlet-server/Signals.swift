// SIGTERM and SIGINT stop the server cleanly; a SIGINT while that goes on ends the process at once.

import Dispatch
import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Guard for `@unchecked Sendable`: nothing changes after `init`.
final class Signals: @unchecked Sendable {
    private let queue = DispatchQueue(label: "martlet.signals")
    private let stopSwitch: StopSwitch
    private var sources: [any DispatchSourceSignal] = []

    /// A peer that is gone and a terminal that is closed are no reason to end.
    static func ignoreHarmless() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
    }

    init(for stopSwitch: StopSwitch) {
        self.stopSwitch = stopSwitch
        for number in [SIGTERM, SIGINT] {
            // Dispatch sees a signal whatever its disposition; the default one would end the process.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [unowned self] in received(number) }
            source.activate()
            sources.append(source)
        }
    }

    private func received(_ number: Int32) {
        if stopSwitch.isPressed, number == SIGINT {
            stopSwitch.abandon(because: "You insist... exiting now.")
            exit(1)
        }
        let name = number == SIGINT ? "SIGINT" : "SIGTERM"
        stopSwitch.press(because: "Received \(name) scheduling shutdown...", isInterrupt: number == SIGINT)
    }
}
