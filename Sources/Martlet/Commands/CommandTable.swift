// All commands, family by family. A family's list stands in its own folder.

enum CommandTable {
    static var families: [[CommandSpec]] {
        [
            StringCommands.all,
            BitmapCommands.all,
            KeyCommands.all,
            HashCommands.all,
            SetCommands.all,
            TransactionCommands.all,
            PubSubCommands.all,
            ConnectionCommands.all,
            ServerCommands.all,
        ]
    }
}
