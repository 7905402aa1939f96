// The title of the process, as its template says.

import Testing

@testable import Martlet

struct HostProcessTests {
    private func title(_ template: String, _ change: (inout Configuration) -> Void = { _ in }) -> String {
        var configuration = Configuration()
        configuration.procTitleTemplate = template
        change(&configuration)
        return HostProcess.titleText(configuration, program: "/usr/bin/martlet-server", file: "/etc/redis.conf")
    }

    @Test func theUsualTitle() {
        #expect(title("{title} {listen-addr} {server-mode}") == "/usr/bin/martlet-server *:6379")
        #expect(
            title("{title} {listen-addr} {server-mode}") { $0.bind = ["-127.0.0.1", "::1"] }
                == "/usr/bin/martlet-server 127.0.0.1:6379")
    }

    @Test func withoutTCP() {
        let text = title("{listen-addr}|{port}|{tls-port}|{unixsocket}|{config-file}") {
            $0.port = 0
            $0.unixsocket = "/run/redis.sock"
        }
        #expect(text == "/run/redis.sock|0|0|/run/redis.sock|/etc/redis.conf")
    }

    @Test func bracesAndBlanks() {
        #expect(title("{{bird} {port}   ") == "{bird} 6379")
    }
}
