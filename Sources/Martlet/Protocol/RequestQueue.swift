// Requests kept for later: those between MULTI and EXEC, and those behind one that makes its client wait.

struct RequestQueue: ~Copyable {
    private var batch = RequestBatch()
    private var bytes = ByteBuffer()
    private var largeBytes = 0

    var count: Int { batch.count }
    /// Memory of the words, copied or kept, and of their places.
    var memoryBytes: Int { bytes.capacity + largeBytes + batch.memoryBytes }

    /// Keeps a request; its words are copied, large ones kept as they are.
    mutating func append(_ arguments: borrowing Arguments) {
        for index in 0..<arguments.count {
            if let large = arguments.large(index) {
                batch.append(large: large)
                largeBytes += large.memoryBytes
            } else {
                batch.append(ArgumentSlice(offset: bytes.count, count: arguments[index].count))
                bytes.append(arguments[index])
            }
        }
        batch.finishRequest()
    }

    /// Hands over all requests in their order, once.
    mutating func drain(_ body: (borrowing RequestBatch, ByteSpan) -> Void) {
        var requests = RequestBatch()
        var words = ByteBuffer()
        swap(&requests, &batch)
        swap(&words, &bytes)
        largeBytes = 0
        Self.hand(requests, words.bytes, to: body)
    }

    private static func hand(
        _ requests: borrowing RequestBatch, _ bytes: ByteSpan, to body: (borrowing RequestBatch, ByteSpan) -> Void
    ) {
        body(requests, bytes)
    }
}
