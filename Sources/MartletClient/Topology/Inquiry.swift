// Asks servers a question that each of them can answer: one after the other, and the next already when one takes long.
// A server that hangs keeps its connections and says nothing; who waits for it waits for a whole timeout.

import Martlet

struct Inquiry: Sendable {
    let clock: ClientClock
    /// So long one is waited for before the next is asked, too.
    private static let headStart = Duration.seconds(1)

    private enum Event<Answer: Sendable>: Sendable {
        case answer(Answer)
        case failure(RedisError)
        /// The head start of the one asked as number so and so is over.
        case late(Int)
    }

    /// The first answer; when nobody has one, an error after which another try may do better, if one of theirs is.
    func answer<Answer: Sendable>(
        from endpoints: [RedisEndpoint],
        _ ask: @escaping @Sendable (RedisEndpoint) async throws(RedisError) -> Answer
    ) async throws(RedisError) -> Answer {
        let (events, sink) = AsyncStream.makeStream(of: Event<Answer>.self)
        var (tasks, asked, pending): ([Task<Void, Never>], Int, Int) = ([], 0, 0)
        var failure: RedisError?
        // Not a group, which would wait for those that hang.
        defer { for task in tasks { task.cancel() } }
        func askNext() {
            guard asked < endpoints.count else { return }
            let endpoint = endpoints[asked]
            asked += 1
            pending += 1
            tasks.append(
                Task {
                    do throws(RedisError) {
                        sink.yield(.answer(try await ask(endpoint)))
                    } catch {
                        sink.yield(.failure(RedisError(error.code, .notExecuted, "\(endpoint): \(error.message)")))
                    }
                })
            tasks.append(
                Task { [number = asked] in
                    guard (try? await clock.sleep(Self.headStart)) != nil else { return }
                    sink.yield(.late(number))
                })
        }
        askNext()
        guard pending > 0 else { throw RedisError(.connection, .notExecuted, "There is nobody to ask") }
        for await event in events {
            switch event {
            case .answer(let answer): return answer
            case .failure(let error):
                if failure?.isTransient != true { failure = error }
                pending -= 1
                askNext()
                if pending == 0 { throw failure ?? error }
            case .late(let number): if number == asked { askNext() }
            }
        }
        throw RedisError(.cancelled, .notExecuted, "The task was cancelled")
    }
}
