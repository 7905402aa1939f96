// DEBUG PROTOCOL type: one example of each type of reply, for those who write clients.

enum DebugProtocol {
    @Sendable
    static func example(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let name = arguments.text(2).lowercased()
        switch name {
        case "string": call.reply.bulk("Hello World")
        case "integer": call.reply.integer(12345)
        case "double": call.reply.double(3.141)
        case "bignum": call.reply.bigNumber("1234567999999999999999999999999999999")
        case "null": call.reply.null()
        case "array":
            call.reply.array(3)
            for number in 0..<3 { call.reply.integer(number) }
        case "set":
            call.reply.set(3)
            for number in 0..<3 { call.reply.integer(number) }
        case "map":
            call.reply.map(3)
            for number in 0..<3 {
                call.reply.integer(number)
                call.reply.boolean(number == 1)
            }
        case "attrib": attribute(&call)
        case "push": try push(&call)
        case "verbatim": call.reply.verbatim("This is a verbatim\nstring")
        case "true": call.reply.boolean(true)
        case "false": call.reply.boolean(false)
        default:
            throw ReplyError(
                "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|"
                    + "array|set|map|attrib|push|verbatim|true|false")
        }
    }

    /// An attribute is no reply by itself: one follows.
    private static func attribute(_ call: inout CommandCall) {
        if call.reply.version == .resp3 {
            call.reply.attribute(1)
            call.reply.bulk("key-popularity")
            call.reply.array(2)
            call.reply.bulk("key:123")
            call.reply.integer(90)
        }
        call.reply.bulk("Some real reply following the attribute")
    }

    /// Neither is a push message.
    private static func push(_ call: inout CommandCall) throws(ReplyError) {
        guard call.reply.version == .resp3 else { throw ReplyError("ERR RESP2 is not supported by this command") }
        call.reply.push(2)
        call.reply.bulk("server-cpu-usage")
        call.reply.integer(42)
        call.reply.bulk("Some real reply following the push reply")
    }
}
