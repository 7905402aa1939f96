// The generic key family, in alphabetical order.

enum KeyCommands {
    static let all: [CommandSpec] = [
        CopyCommand.spec,
        DelCommand.spec,
        DumpCommand.spec,
        ExistsCommand.spec,
        ExpireCommand.spec,
        ExpireCommand.atSpec,
        TTLCommand.expireTimeSpec,
        KeysCommand.spec,
        MoveCommand.spec,
        ObjectCommand.spec,
        PersistCommand.spec,
        ExpireCommand.millisecondSpec,
        ExpireCommand.millisecondAtSpec,
        TTLCommand.millisecondExpireTimeSpec,
        TTLCommand.millisecondSpec,
        RandomKeyCommand.spec,
        RenameCommand.spec,
        RenameCommand.ifAbsentSpec,
        RestoreCommand.spec,
        ScanCommand.spec,
        TouchCommand.spec,
        TTLCommand.spec,
        TypeCommand.spec,
        DelCommand.unlinkSpec,
        WaitCommand.spec,
        WaitCommand.appendOnlyFileSpec,
    ]
}
