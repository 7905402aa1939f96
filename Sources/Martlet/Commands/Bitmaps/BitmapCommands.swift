// The bitmap family, in alphabetical order.

enum BitmapCommands {
    static let all: [CommandSpec] = [
        BitcountCommand.spec,
        BitfieldCommands.bitfield,
        BitfieldCommands.bitfieldReadOnly,
        BitopCommand.spec,
        BitposCommand.spec,
        GetbitCommand.spec,
        SetbitCommand.spec,
    ]
}
