// The string family, in alphabetical order.

enum StringCommands {
    static let all: [CommandSpec] = [
        AppendCommand.spec,
        IncrCommands.decr,
        IncrCommands.decrBy,
        GetCommand.spec,
        GetDelCommand.spec,
        GetExCommand.spec,
        GetRangeCommands.getRange,
        GetSetCommand.spec,
        IncrCommands.incr,
        IncrCommands.incrBy,
        IncrByFloatCommand.spec,
        LcsCommand.spec,
        MgetCommand.spec,
        MsetCommands.mset,
        MsetCommands.msetNX,
        SetExCommands.pSetEx,
        SetCommand.spec,
        SetExCommands.setEx,
        SetNXCommand.spec,
        SetRangeCommand.spec,
        StrlenCommand.spec,
        GetRangeCommands.substr,
    ]
}
