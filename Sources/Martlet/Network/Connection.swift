// One client's socket: bytes in, requests through the parser to the executor, replies out. Reading and framing are
// separate things: this file moves bytes, RequestParser finds requests in them.

final class Connection: Pollable, SessionTransport {
    // What every message and every turn looks at stands first, where CacheLine.prefetchHead reaches.
    let session: Session
    /// Strong, because an unowned reference costs on every use; the network lets go of a closed connection.
    let network: Network
    let descriptor: FileDescriptor
    private var isDirty = false
    /// What the loop watches the socket for.
    private var interest = PollInterest.read
    private var isClosed = false
    /// From when the client begins to wait until what it sent meanwhile is executed.
    private var isOnHold = false
    /// The output's memory as it was last accounted for, and whether requests may have changed other memory since.
    private var hasHandledRequests = false
    private var accountedOutput = 0
    // Unchecked: on the loop's queue only, and what executes requests meets it swapped out; buffers call nothing.
    @exclusivity(unchecked) private var output = ReplyBuffer()
    /// Bytes of an incomplete request.
    // Unchecked: on the loop's queue only, and every access ends before a request is executed.
    @exclusivity(unchecked) private var pending = ByteBuffer()
    // Unchecked: on the loop's queue only; the parser calls nothing but its batch.
    @exclusivity(unchecked) private var parser = RequestParser()
    /// A large argument on its way in.
    private var arriving: ArrivingArgument?
    /// Bytes that are being handled, and memory of what is in hand for that, for CLIENT LIST.
    private var inputCount = 0
    private var memoryInHand = 0
    private var selfCountedInHand = 0
    private var softLimitReachedAt: Int64?
    /// Requests that were parsed behind one that made the client wait.
    // Unchecked: on the loop's queue only; it is taken out before it is drained.
    @exclusivity(unchecked) private var parked: RequestQueue?
    private let peer: SocketAddress

    /// Requests of one client executed in one go before its replies are looked at.
    private static let requestsPerBatch = 64
    /// An incomplete request is read in steps of at least and at most these sizes.
    private static let readStep = 16 * 1024
    private static let longestReadStep = 64 * 1024
    /// Bytes written to one client in one go; the others are to have their turn.
    private static let flushStep = 1024 * 1024
    /// What a client that has not authenticated may have sent ahead.
    private static let unauthenticatedInputLimit = 1 << 20
    /// What a client that has not authenticated may leave unread.
    private static let unauthenticatedOutputLimit = 1024
    /// Output memory that a connection keeps between two turns, without a limit of memory and with one: there, what a
    /// burst of messages has left behind must not cost keys.
    private static let keptOutputCapacity = 64 * 1024
    private static let leastKeptOutputCapacity = 16 * 1024

    init(descriptor: FileDescriptor, peer: SocketAddress, network: Network) {
        self.descriptor = descriptor
        self.peer = peer
        self.network = network
        let server = network.server
        session = Session(id: server.clients.nextID(), monotonicSeconds: server.monotonicSeconds)
        server.makeDefault(session)
        super.init()
        session.attach(self)
    }

    override func becameReady(readable: Bool, writable: Bool, hangup: Bool) {
        // What was done in this turn is made safe before anything is written.
        if writable { markDirty() }
        if session.closesAfterReplies {
            // Nothing is read any more, so only the hangup itself can tell that nobody waits for the rest.
            if hangup { close(because: "Client closed connection") }
        } else if readable || hangup {
            read()
        }
    }

    // MARK: Reading

    private func read() {
        if arriving != nil {
            readArgument()
        } else if pending.count <= Network.readBufferHeadroom {
            readShared()
        } else {
            readBehind()
        }
    }

    /// Reads into the shared buffer, behind what is there of an incomplete request, and handles the requests where they
    /// lie: what waits takes no more memory than it has bytes.
    private func readShared() {
        let held = pending.count
        network.readBuffer.copyMemory(from: pending.unsafeBytes)
        let room = UnsafeMutableRawBufferPointer(rebasing: network.readBuffer.dropFirst(held))
        guard let count = took(descriptor.receive(into: room)) else { return }
        // Out of the object: what is handled may be put there anew.
        var memory = ByteBuffer()
        swap(&memory, &pending)
        memory.clear()
        memoryInHand = memory.capacity
        let bytes = UnsafeRawBufferPointer(rebasing: network.readBuffer.prefix(held + count))
        let done = handle(ByteSpan(viewing: bytes, ownedBy: self))
        memoryInHand = 0
        guard done < bytes.count, !isClosed else { return }
        memory.append(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(done)))
        swap(&memory, &pending)
        account()
        checkInput()
    }

    /// Reads behind the bytes of an incomplete request, which are many.
    private func readBehind() {
        let place = pending.reserve(Self.readStep)
        let room = UnsafeMutableRawBufferPointer(start: place, count: min(pending.room, Self.longestReadStep))
        guard let count = took(descriptor.receive(into: room)) else { return }
        pending.commit(count)
        handlePending()
    }

    private func handlePending() {
        // Out of the object while it is read from: requests may look at this connection.
        var bytes = ByteBuffer()
        swap(&bytes, &pending)
        memoryInHand = bytes.capacity
        let done = handle(bytes.bytes)
        memoryInHand = 0
        bytes.consume(done)
        if !bytes.isEmpty { swap(&bytes, &pending) }
        account()
        checkInput()
    }

    private func readArgument() {
        guard let argument = arriving else { return }
        guard let room = argument.room() else {
            close(because: "Out of memory for an argument")
            return
        }
        guard let count = took(descriptor.receive(into: room)) else { return }
        guard argument.took(count) else {
            account()
            checkInput()
            return
        }
        arriving = nil
        parser.finishLarge(argument.bytes)
        account()
        handlePending()
    }

    /// Accounts for a reading; nil when there is nothing to handle.
    private func took(_ result: IOResult) -> Int? {
        switch result {
        case .bytes(let count):
            network.server.statistics.value.inputBytes += count
            network.server.statistics.value.readsProcessed += 1
            session.inputBytes += count
            session.lastInteractionAt = network.now
            return count
        case .wouldBlock: return nil
        case .endOfStream:
            close(because: "Client closed connection")
            return nil
        case .failed(let error):
            close(because: "Reading from client: \(error.message)")
            return nil
        }
    }

    /// Handles all complete requests in `bytes`; returns how many bytes are done with: all of them when no more will be
    /// looked at, none while the client waits.
    private func handle(_ bytes: ByteSpan) -> Int {
        guard !isOnHold else { return 0 }
        var reply = ReplyWriter(buffer: ReplyBuffer(), version: session.version)
        swap(&reply.buffer, &output)
        reply.buffer.ceiling = mostOutput
        inputCount = bytes.count
        let repliesInHand = reply.buffer.memoryBytes
        memoryInHand += repliesInHand
        selfCountedInHand = reply.buffer.selfCountedBytes
        defer {
            inputCount = 0
            selfCountedInHand = 0
            memoryInHand -= repliesInHand
            if reply.buffer.memoryBytes > repliesInHand { network.server.statistics.value.replyBufferExpansions += 1 }
            if !isClosed {
                swap(&reply.buffer, &output)
                hasHandledRequests = true
                // When the turn ends, `flush` accounts for what is left; limits want to know before.
                if network.server.limitsMemory { account() }
                markDirty()
            }
        }
        while true {
            let outcome = parse(bytes)
            if network.batch.value.count > 0 {
                evictClients()
                if isClosed { return drop(bytes) }
                let executed = network.execute(
                    network.batch.value, bytes: bytes, session: session, reply: &reply)
                if session.isBlocked { park(network.batch.value, from: executed, bytes) }
                network.batch.value.removeAll()
                if let excess = excess(of: reply.buffer) { closeForOutput(excess) }
                if session.transaction != nil { checkInput() }
                if isClosed { return bytes.count }
            }
            let done = parser.requestStart
            if session.closesAfterReplies { return bytes.count }
            switch outcome {
            case _ where isOnHold:
                // How it goes on is found out afterwards, from the start of the request.
                parser.rewind()
                parser.consumed(done)
                return done
            case .request: continue
            case .incomplete:
                parser.consumed(done)
                return done
            case .failure(let error):
                refuse(error, &reply)
                return bytes.count
            case .large(let count):
                beginArgument(count: count, from: bytes)
                // What stands ahead of the large argument in the same request waits in `pending`.
                pending.append(bytes.extracting(done..<parser.position))
                parser.consumed(done)
                return bytes.count
            }
        }
    }

    /// While the output is in hand, what others are sent when somebody goes waits as in a command.
    private func evictClients() {
        session.isExecuting = true
        network.evictClients()
        session.isExecuting = false
    }

    /// Nobody is there any more for what was parsed.
    private func drop(_ bytes: ByteSpan) -> Int {
        network.batch.value.removeAll()
        return bytes.count
    }

    private func park(_ batch: borrowing RequestBatch, from first: Int, _ bytes: ByteSpan) {
        isOnHold = true
        guard first < batch.count else { return }
        var queue = RequestQueue()
        for index in first..<batch.count { queue.append(batch.arguments(index, in: bytes)) }
        parked = consume queue
    }

    func unblocked(_ reply: ByteSpan) {
        guard !isClosed else { return }
        // What it was sent before stands ahead of it.
        if session.isSubscriber { network.server.pubSub.deliver() }
        output.tail.append(reply)
        markDirty()
        network.unblocked(self)
    }

    func resume() {
        guard !isClosed else { return }
        isOnHold = false
        if let queue = parked.take() {
            run(queue)
            if isClosed || isOnHold || session.closesAfterReplies { return }
        }
        if !pending.isEmpty { handlePending() }
    }

    private func run(_ queue: consuming RequestQueue) {
        var reply = ReplyWriter(buffer: ReplyBuffer(), version: session.version)
        swap(&reply.buffer, &output)
        reply.buffer.ceiling = mostOutput
        queue.drain { batch, bytes in
            let executed = network.execute(batch, bytes: bytes, session: session, reply: &reply)
            if session.isBlocked { park(batch, from: executed, bytes) }
        }
        guard !isClosed else { return }
        swap(&reply.buffer, &output)
        account()
        markDirty()
        if let excess = excess(of: output) { closeForOutput(excess) }
    }

    /// Fills the batch; the outcome of the last step tells whether there may be more.
    private func parse(_ bytes: ByteSpan) -> RequestParser.Outcome {
        let limits = RequestLimits(
            maximumBulk: network.server.configuration.value.protoMaxBulkLength,
            isAuthenticated: session.isAuthenticated)
        // Authentication changes the limits of the requests behind it.
        let most = session.isAuthenticated ? Self.requestsPerBatch : 1
        while network.batch.value.count < most {
            let outcome = parser.next(bytes, limits: limits, into: &network.batch.value)
            guard case .request = outcome else {
                parser.suspend(batch: &network.batch.value)
                return outcome
            }
        }
        return .request
    }

    private func refuse(_ error: ProtocolError, _ reply: inout ReplyWriter) {
        reply.error(error.reply)
        network.server.statistics.value.count(error.reply)
        network.server.log.write(.verbose, "\(error.reply.text) from client: \(remoteAddress)")
        session.closesAfterReplies = true
    }

    // MARK: Large arguments

    private func beginArgument(count: Int, from bytes: ByteSpan) {
        guard let argument = ArrivingArgument(count: count, first: bytes.extracting(droppingFirst: parser.position))
        else {
            close(because: "Out of memory for an argument")
            return
        }
        arriving = argument
    }

    /// Bytes of the request that is not complete yet.
    private var inputMemory: Int { pending.count + parser.memoryBytes + (arriving?.bytes.count ?? 0) }

    /// What it sent and was not executed must not become too much, be it because it is not complete, because somebody
    /// pauses, or because it waits for EXEC. A stranger has little to say.
    private func checkInput() {
        network.server.statistics.value.incompleteInput.note(inputMemory, at: network.now)
        let memory = inputMemory + (parked?.memoryBytes ?? 0) + (session.transaction?.memoryBytes ?? 0)
        let limit = network.server.configuration.value.clientQueryBufferLimit
        guard memory > (session.isAuthenticated ? limit : min(limit, Self.unauthenticatedInputLimit)) else { return }
        network.server.statistics.value.queryBufferDisconnections += 1
        network.server.log.write(.warning, "Closing client that reached max query buffer length: \(description)")
        close(because: nil)
    }

    // MARK: Writing

    private func markDirty() {
        guard !isDirty else { return }
        isDirty = true
        network.markDirty(self)
    }

    /// Writes as much as the socket takes; the rest waits until it takes more.
    func flush() {
        isDirty = false
        session.hasUnsavedChanges = false
        guard !isClosed else { return }
        if output.isOverflown { return close() }
        var sent = 0
        while !output.isEmpty {
            guard sent < Self.flushStep else {
                watch(for: waitingInterest)
                accountOutput()
                return
            }
            switch send() {
            case .bytes(let count):
                sent += count
                output.consume(count)
                wrote(count)
            case .wouldBlock, .endOfStream:
                watch(for: waitingInterest)
                accountOutput()
                checkOutput()
                return
            case .failed(let error):
                close(because: "Error writing to client: \(error.message)")
                return
            }
        }
        softLimitReachedAt = nil
        if output.memoryBytes > keptOutputCapacity { releaseOutput() }
        accountOutput()
        if session.closesAfterReplies { close(because: nil) } else { watch(for: .read) }
    }

    private var keptOutputCapacity: Int {
        if network.server.keepsReplyBuffers { return Int.max }
        return network.server.configuration.value.maxmemory > 0
            ? Self.leastKeptOutputCapacity : Self.keptOutputCapacity
    }

    private func send() -> IOResult {
        output.isContiguous
            ? descriptor.send(output.tail.unsafeBytes)
            : descriptor.send(output.pieces(limit: 64))
    }

    /// What to wait for while replies wait: what a client sends behind its last request is not looked at.
    private var waitingInterest: PollInterest { session.closesAfterReplies ? .write : [.read, .write] }

    private func watch(for wanted: PollInterest) {
        guard interest != wanted else { return }
        do {
            try network.loop.modify(self, descriptor: descriptor, interest: wanted)
            interest = wanted
        } catch {
            close(because: "Waiting for client: \(error.message)")
        }
    }

    private enum Excess {
        /// Above the limit of the client's class.
        case ofItsClass
        /// More than all clients together may have (`maxmemory-clients`).
        case ofAllClients
    }

    private func excess(of output: borrowing ReplyBuffer) -> Excess? {
        if isOverHardLimit(output.count) { return .ofItsClass }
        guard output.isOverflown else { return nil }
        return mostOutput == network.server.clientMemory.value.limit ? .ofAllClients : .ofItsClass
    }

    /// A message for a subscriber: it waits for the end of the turn as replies do. Whoever sends it does not wait, and
    /// is not troubled when the subscriber is let go.
    func push(_ message: ByteSpan) {
        guard !isClosed, !session.closesAfterReplies else { return }
        output.ceiling = mostOutput
        output.tail.append(message)
        pushed()
    }

    /// What is long is not copied, and nothing is that the socket takes at once.
    func push(_ messages: LargeBytes) {
        guard !isClosed, !session.closesAfterReplies else { return }
        let sent = network.writesAtOnce ? sendAtOnce(messages) : 0
        guard sent < messages.count else { return }
        output.ceiling = mostOutput
        if messages.count < ReplyWriter.referenceThreshold {
            output.tail.append(messages.bytes.extracting(droppingFirst: sent))
        } else {
            messages.join(network.server.keyspace.value.largeBytes)
            output.append(messages, droppingFirst: sent)
        }
        pushed()
    }

    /// Sends messages past the output, if nothing waits there; returns how many bytes of them. An error is met again,
    /// and reported, when the rest is flushed.
    private func sendAtOnce(_ messages: LargeBytes) -> Int {
        // Who has something waiting is to be flushed, or is watched until the socket takes more.
        guard !isDirty, interest == .read, messages.count <= Self.flushStep,
            case .bytes(let count) = descriptor.send(messages.unsafeBytes)
        else { return 0 }
        wrote(count)
        return count
    }

    private func wrote(_ count: Int) {
        network.server.statistics.value.outputBytes += count
        network.server.statistics.value.writesProcessed += 1
        session.outputBytes += count
        // Who still takes what it asked for is not idle.
        session.lastInteractionAt = network.now
    }

    private func pushed() {
        markDirty()
        accountOutput()
        if excess(of: output) != nil { doomForOutput() }
    }

    private func doomForOutput() {
        guard !session.closesAfterReplies else { return }
        network.server.log.write(
            .warning, "Client \(description) scheduled to be closed ASAP for overcoming of output buffer limits.")
        network.server.statistics.value.outputBufferDisconnections += 1
        session.closesAfterReplies = true
        network.doom(self)
    }

    /// A client that does not read is let go when too much waits for it, or much for too long.
    func checkOutput() {
        guard !isClosed else { return }
        let limits = outputLimit
        let count = output.count
        var isOver = isOverHardLimit(count) || (!session.isAuthenticated && count > Self.unauthenticatedOutputLimit)
        if limits.softBytes > 0, count >= limits.softBytes {
            let since = softLimitReachedAt ?? network.now
            softLimitReachedAt = since
            if network.now - since > Int64(limits.softSeconds) { isOver = true }
        } else {
            softLimitReachedAt = nil
        }
        if isOver { closeForOutput() }
    }

    private func closeForOutput(_ excess: Excess = .ofItsClass) {
        switch excess {
        case .ofItsClass:
            network.server.log.write(
                .warning, "Client \(description) closed for overcoming of output buffer limits.")
            network.server.statistics.value.outputBufferDisconnections += 1
        case .ofAllClients:
            network.server.log.write(.notice, "Evicting client: \(description)")
            network.server.statistics.value.evictedClients += 1
        }
        close(because: nil)
    }

    /// As CLIENT LIST has it.
    var description: String { String(ClientDescription.line(session, in: network.server).dropLast()) }

    // MARK: Closing

    func close() { close(because: nil) }

    func kill() {
        guard !isClosed, !session.closesAfterReplies else { return }
        session.closesAfterReplies = true
        network.doom(self)
    }

    private func close(because reason: String?) {
        guard !isClosed else { return }
        isClosed = true
        // Requests that were read along with the one in execution go unheard.
        session.closesAfterReplies = true
        if let reason { network.server.log.write(.verbose, "\(reason): \(remoteAddress)") }
        network.loop.remove(self, descriptor: descriptor)
        descriptor.close()
        output.release()
        pending.release()
        arriving = nil
        parked = nil
        network.remove(self)
        session.detach()
    }

    /// Gives back memory that an idle client does not need.
    func shrink() {
        if output.isEmpty, output.memoryBytes > 0, !network.server.keepsReplyBuffers { releaseOutput() }
        pending.shrink()
        account()
    }

    private func releaseOutput() {
        output.release()
        network.server.statistics.value.replyBufferShrinks += 1
    }

    func account() {
        guard !isClosed else { return }
        accountedOutput = output.memoryBytes
        hasHandledRequests = false
        network.server.clientMemory.value.account(
            session, buffers: memoryBytes, selfCounted: selfCountedInHand + output.selfCountedBytes)
    }

    /// The same where nothing but the output and what requests have done can have changed: mostly it has not.
    @inline(__always)
    private func accountOutput() {
        if hasHandledRequests || output.memoryBytes != accountedOutput { account() }
    }

    // MARK: SessionTransport

    var remoteAddress: String { peer.text }
    var localAddress: String {
        // The address of a socket that has just been lost cannot be asked for any more.
        ((try? descriptor.localAddress()) ?? nil)?.text ?? "?:0"
    }
    var descriptorNumber: Int32 { descriptor.rawValue }
    var queryBufferCount: Int { inputCount + (arriving?.bytes.count ?? pending.count) }
    var queryBufferRoom: Int { inputCount > 0 ? max(0, network.readBuffer.count - inputCount) : pending.room }
    var replyBufferCount: Int { output.count }
    var replySegmentCount: Int { output.segmentCount }
    var replyBufferCapacity: Int { output.memoryBytes }
    var memoryBytes: Int {
        memoryInHand + output.memoryBytes + pending.capacity + parser.memoryBytes + (arriving?.bytes.capacity ?? 0)
            + (parked?.memoryBytes ?? 0)
    }
    let mixesPushesWithReplies = true
    var isLocal: Bool { peer.isLocal }
    var isUnixSocket: Bool { if case .unix = peer { true } else { false } }
}
