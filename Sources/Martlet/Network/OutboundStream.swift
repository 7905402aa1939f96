// One connection that goes out. Writing happens on the writer's thread: whoever finds nobody at it sends what is there
// until nothing is left, so that a crowd of writers shares system calls. Reading happens on the loop.

import Synchronization

/// What is told of a stream, on its loop.
package struct OutboundHandler: Sendable {
    /// Bytes have arrived.
    let received: @Sendable ([UInt8]) -> Void
    /// The stream has ended, by whichever side; told once, nothing follows. Nil: this side closed it.
    let ended: @Sendable (OutboundError?) -> Void

    package init(
        received: @escaping @Sendable ([UInt8]) -> Void, ended: @escaping @Sendable (OutboundError?) -> Void
    ) {
        self.received = received
        self.ended = ended
    }
}

/// Guard for `@unchecked Sendable`: what may change is behind `state`, or touched on the loop's queue only.
package final class OutboundStream: Pollable, @unchecked Sendable {
    private struct State: ~Copyable, Sendable {
        /// Waits to be sent.
        var outbox = ByteBuffer()
        /// Somebody is sending, who sees to everything that is added meanwhile.
        var isSending = false
        /// The socket takes no more; the loop tells when it does.
        var isFull = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let descriptor: FileDescriptor
    private let loop: EventLoop
    // On the loop's queue.
    private var handler: OutboundHandler?
    private var hasEnded = false
    private var reason: SystemError?
    private var block = [UInt8](repeating: 0, count: 64 * 1024)

    init(_ descriptor: FileDescriptor, loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    /// Begins to read. Once, ahead of everything else.
    package func start(_ handler: OutboundHandler) {
        loop.post { [self] in
            self.handler = handler
            do throws(SystemError) {
                try loop.add(self, descriptor: descriptor, interest: .read)
            } catch {
                finish(error)
            }
        }
    }

    /// Sends in the order of calls. What cannot be sent any more is dropped: the stream's end tells.
    package func send(_ bytes: [UInt8]) {
        let isFree = state.withLock { state -> Bool in
            guard !state.isClosed else { return false }
            state.outbox.append(bytes.span)
            guard !state.isSending, !state.isFull else { return false }
            state.isSending = true
            return true
        }
        if isFree { sendAll() }
    }

    /// Ends the stream.
    package func close() {
        let isFree = state.withLock { state -> Bool in
            state.isClosed = true
            return !state.isSending
        }
        if isFree { loop.post { [self] in finish(nil) } }
    }

    /// For the one who set `isSending`.
    private func sendAll() {
        var sending = ByteBuffer()
        while takeOutbox(into: &sending) {
            while !sending.isEmpty {
                switch descriptor.send(sending.unsafeBytes) {
                case .bytes(let count): sending.consume(count)
                case .wouldBlock: return waitUntilWritable(sending)
                case .endOfStream, .failed:
                    // The loop finds the reason when it reads.
                    sending.clear()
                }
            }
        }
    }

    /// False when nothing is left, and then nobody is sending any more.
    private func takeOutbox(into sending: inout ByteBuffer) -> Bool {
        let (hasMore, isClosed) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed, !state.outbox.isEmpty else {
                state.isSending = false
                return (false, state.isClosed)
            }
            swap(&state.outbox, &sending)
            return (true, false)
        }
        if isClosed { loop.post { [self] in finish(nil) } }
        return hasMore
    }

    private func waitUntilWritable(_ rest: borrowing ByteBuffer) {
        let isClosed = state.withLock { state -> Bool in
            // What was added meanwhile comes behind the rest.
            state.outbox.insert(rest.unsafeBytes, at: 0)
            state.isSending = false
            state.isFull = !state.isClosed
            return state.isClosed
        }
        loop.post { [self] in if isClosed { finish(nil) } else { watch([.read, .write]) } }
    }

    // MARK: On the loop's queue

    private func watch(_ interest: PollInterest) {
        do throws(SystemError) {
            try loop.modify(self, descriptor: descriptor, interest: interest)
        } catch {
            finish(error)
        }
    }

    override func becameReady(readable: Bool, writable: Bool, hangup: Bool) {
        if writable { goOnSending() }
        if readable || hangup { read() }
    }

    private func goOnSending() {
        watch(.read)
        let isFree = state.withLock { state -> Bool in
            state.isFull = false
            guard !state.isSending, !state.isClosed else { return false }
            state.isSending = true
            return true
        }
        if isFree { sendAll() }
    }

    private func read() {
        guard !hasEnded else { return }
        switch block.withUnsafeMutableBytes({ descriptor.receive(into: $0) }) {
        case .bytes(let count): handler?.received([UInt8](block[..<count]))
        case .wouldBlock: return
        case .endOfStream: finish(.connectionReset)
        case .failed(let error): finish(error)
        }
    }

    private func finish(_ error: SystemError?) {
        guard !hasEnded else { return }
        reason = reason ?? error
        let isSending = state.withLock { state -> Bool in
            state.isClosed = true
            return state.isSending
        }
        // Whoever is sending comes back here when it notices; the descriptor must not be closed under its hands.
        if isSending { return }
        hasEnded = true
        loop.remove(self, descriptor: descriptor)
        descriptor.close()
        let handler = handler.take()
        handler?.ended(reason.map(OutboundError.init))
    }
}
