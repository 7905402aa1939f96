// The set family, in alphabetical order.

enum SetCommands {
    static let all: [CommandSpec] = [
        SaddCommand.spec,
        SismemberCommand.countSpec,
        SetOperationCommands.diff,
        SetOperationCommands.diffStore,
        SetOperationCommands.inter,
        SetOperationCommands.interCard,
        SetOperationCommands.interStore,
        SismemberCommand.spec,
        SismemberCommand.membersSpec,
        SismemberCommand.multipleSpec,
        SmoveCommand.spec,
        SpopCommand.spec,
        SrandmemberCommand.spec,
        SremCommand.spec,
        SscanCommand.spec,
        SetOperationCommands.union,
        SetOperationCommands.unionStore,
    ]
}
