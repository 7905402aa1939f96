// A request made by hand, for what takes the words of one.

@testable import Martlet

/// Calls `body` with `words` as those of a request.
func withArguments<Result>(_ words: [[UInt8]], _ body: (borrowing Arguments) -> Result) -> Result {
    var batch = RequestBatch()
    var bytes: [UInt8] = []
    for word in words {
        batch.append(ArgumentSlice(offset: bytes.count, count: word.count))
        bytes += word
    }
    batch.finishRequest()
    let span = bytes.span
    return body(batch.arguments(0, in: span))
}

func withArguments<Result>(_ words: [String], _ body: (borrowing Arguments) -> Result) -> Result {
    withArguments(words.map { Array($0.utf8) }, body)
}
