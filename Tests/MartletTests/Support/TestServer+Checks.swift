// What most tests of commands do: send lines, compare replies, and now and then look inside.

import Testing

@testable import Martlet

extension TestServer {
    /// Sends the lines one after the other and compares each reply.
    func expect(
        _ steps: KeyValuePairs<String, RESPValue>, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for (line, expected) in steps {
            let reply = try run(line)
            #expect(reply == expected, "\(line)", sourceLocation: sourceLocation)
        }
    }

    /// Calls `body` with the server's state, on the server's queue.
    func inspect<Result: Sendable>(_ body: @Sendable (ServerContext) -> Result) -> Result {
        let engine = server.engine
        return engine.loop.perform { body(engine.server) }
    }

    /// Changes as INFO counts them.
    var dirty: Int { inspect { $0.keyspace.value.dirty } }
}
