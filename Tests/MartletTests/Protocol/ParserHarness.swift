// Feeds a request parser as a connection does, in pieces of any size, and collects what it finds.

@testable import Martlet

struct ParserHarness: ~Copyable {
    private var parser = RequestParser()
    private var batch = RequestBatch()
    private var arriving: ArrivingArgument?
    private(set) var pending: [UInt8] = []
    private(set) var requests: [[[UInt8]]] = []
    private(set) var failure: ProtocolError?
    /// Steps that the parser made; a bound on it shows that nothing loops.
    private(set) var steps = 0
    private let limits: RequestLimits

    init(maximumBulk: Int = 512 << 20, isAuthenticated: Bool = true) {
        limits = RequestLimits(maximumBulk: maximumBulk, isAuthenticated: isAuthenticated)
    }

    /// What stays in memory for requests that are not complete.
    var heldBytes: Int { pending.count + parser.memoryBytes + (arriving?.bytes.count ?? 0) }

    mutating func feed(_ bytes: some Sequence<UInt8>) {
        guard failure == nil else { return }
        var rest = Array(bytes)
        while !rest.isEmpty, failure == nil {
            if let argument = arriving {
                rest.removeFirst(take(rest, into: argument))
            } else {
                pending += rest
                rest = []
                handle()
            }
        }
    }

    private mutating func take(_ bytes: [UInt8], into argument: ArrivingArgument) -> Int {
        guard let room = argument.room() else { return bytes.count }
        let count = min(room.count, bytes.count)
        room.copyBytes(from: bytes[..<count])
        if argument.took(count) {
            arriving = nil
            parser.finishLarge(argument.bytes)
            handle()
        }
        return count
    }

    private mutating func handle() {
        let bytes = pending
        while true {
            steps += 1
            switch parser.next(bytes.span, limits: limits, into: &batch) {
            case .request: continue
            case .incomplete:
                finish(bytes)
                return
            case .large(let count):
                let position = parser.position
                arriving = ArrivingArgument(count: count, first: bytes.span.extracting(droppingFirst: position))
                finish(bytes)
                pending = Array(bytes[(bytes.count - pending.count)..<position])
                return
            case .failure(let error):
                finish(bytes)
                failure = error
                return
            }
        }
    }

    private mutating func finish(_ bytes: [UInt8]) {
        parser.suspend(batch: &batch)
        let span = bytes.span
        var found: [[[UInt8]]] = []
        for index in 0..<batch.count {
            let arguments = batch.arguments(index, in: span)
            var words: [[UInt8]] = []
            for word in 0..<arguments.count { words.append(arguments[word].copied()) }
            found.append(words)
        }
        requests += found
        batch.removeAll()
        let done = parser.requestStart
        parser.consumed(done)
        pending = Array(bytes[done...])
    }
}

/// `words` as a RESP array of bulk strings.
func encodedRequest(_ words: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(words.count)\r\n".utf8)
    for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + [0x0D, 0x0A] }
    return bytes
}

func encodedRequest(_ words: String...) -> [UInt8] { encodedRequest(words.map { Array($0.utf8) }) }
