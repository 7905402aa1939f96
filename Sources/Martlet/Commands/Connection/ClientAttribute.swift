// What a client says of itself: its name, its library and that library's version. CLIENT LIST parts its fields by
// blanks, so none may stand in them.

enum ClientAttribute {
    /// The connection name in word `index`; empty for none.
    static func name(_ arguments: borrowing Arguments, at index: Int) throws(ReplyError) -> String {
        guard isPrintable(arguments[index]) else {
            throw ReplyError("ERR Client names cannot contain spaces, newlines or special characters.")
        }
        return arguments.text(index)
    }

    /// Whether every byte is ASCII between `!` and `~`.
    static func isPrintable(_ bytes: ByteSpan) -> Bool {
        for index in bytes.indices where !(0x21...0x7E).contains(bytes[index]) { return false }
        return true
    }
}
