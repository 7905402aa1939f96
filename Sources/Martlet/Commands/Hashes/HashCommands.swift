// The hash family, in alphabetical order.

enum HashCommands {
    static let all: [CommandSpec] = [
        HDelCommand.spec,
        HGetCommand.existsSpec,
        HExpireCommand.spec,
        HExpireCommand.atSpec,
        HTTLCommand.timeSpec,
        HGetCommand.spec,
        HGetAllCommand.spec,
        HGetExCommand.deleteSpec,
        HGetExCommand.spec,
        HIncrByCommand.spec,
        HIncrByCommand.floatSpec,
        HGetAllCommand.keysSpec,
        HGetAllCommand.countSpec,
        HGetCommand.multipleSpec,
        HSetCommand.multipleSpec,
        HTTLCommand.persistSpec,
        HExpireCommand.millisecondSpec,
        HExpireCommand.millisecondAtSpec,
        HTTLCommand.millisecondTimeSpec,
        HTTLCommand.millisecondSpec,
        HRandFieldCommand.spec,
        HScanCommand.spec,
        HSetCommand.spec,
        HSetExCommand.spec,
        HSetCommand.ifAbsentSpec,
        HGetCommand.lengthSpec,
        HTTLCommand.spec,
        HGetAllCommand.valuesSpec,
    ]
}
