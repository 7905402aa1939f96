// The rows of directives about snapshots and the append only file.

extension DirectiveTable {
    static let snapshots = DirectiveSection(
        title: "SNAPSHOTS",
        directives: [
            Directive(
                "save", at: \.savePoints, .savePoints,
                """
                When to save by itself: after so many seconds, if at least so many changes were made. Several pairs may
                stand in one line or in several; "" for never. A server that is part of a program saves only when it
                is told to.
                """),
            Directive(
                "dbfilename", at: \.dbfilename, .fileName("dbfilename", mayBeEmpty: true), flags: .protected,
                "Name of the snapshot file in dir. It is loaded at the start."),
            Directive(
                "rdbcompression", at: \.rdbCompression, .yesNo,
                "Compress strings of more than 20 bytes in snapshots and in the payloads of DUMP."),
            Directive(
                "rdbchecksum", at: \.rdbChecksum, .yesNo, flags: .immutable,
                "End snapshots with a checksum, and look at it when one is loaded."),
            Directive(
                "rdb-save-incremental-fsync", at: \.rdbSaveIncrementalFsync, .yesNo,
                "Sync a snapshot to disk while it is written, so that its end does not take long."),
            Directive(
                "sanitize-dump-payload", at: \.sanitizeDumpPayload, .choice,
                """
                Taken as Redis takes it. Payloads of RESTORE and snapshots are checked in full whatever it says.
                """),
            Directive(
                "stop-writes-on-bgsave-error", at: \.stopWritesOnBgsaveError, .yesNo,
                "Refuse writes while the last save has failed and there are save points."),
        ])

    static let appendOnlyFile = DirectiveSection(
        title: "APPEND ONLY FILE",
        directives: [
            Directive(
                "appendonly", at: \.appendonly, .yesNo,
                """
                Log every change to a file, and load that at the start instead of the snapshot. Set while the server
                runs, it takes effect once the data has been written as the first part of the file.
                """),
            Directive(
                "appendfilename", at: \.appendfilename, .fileName("appendfilename"), flags: .immutable,
                "First part of the names of the files that the append only file consists of."),
            Directive(
                "appenddirname", at: \.appenddirname, .fileName("appenddirname", kind: "dirname"), flags: .immutable,
                "Directory of those files, in dir."),
            Directive(
                "appendfsync", at: \.appendfsync, .choice,
                """
                When the append only file is synced to disk: always, before a change is acknowledged; everysec, once
                in a second; no, when the system likes to.
                """),
            Directive(
                "no-appendfsync-on-rewrite", at: \.noAppendfsyncOnRewrite, .yesNo,
                "Leave out those syncs while a snapshot is written, which needs the disk, too."),
            Directive(
                "auto-aof-rewrite-percentage", at: \.autoAOFRewritePercentage, .integer(0...int32Max),
                "Rewrite the append only file when it has grown by so many percent since the last time; 0 for never."),
            Directive(
                "auto-aof-rewrite-min-size", at: \.autoAOFRewriteMinSize, .memory(0...Int.max),
                "Size in bytes below which it is not rewritten by itself."),
            Directive(
                "aof-load-truncated", at: \.aofLoadTruncated, .yesNo,
                "Load an append only file that ends within a command, and cut that off; else refuse to start."),
            Directive(
                "aof-use-rdb-preamble", at: \.aofUseRDBPreamble, .yesNo,
                "Write the first part of a rewritten append only file as a snapshot, which loads faster."),
            Directive(
                "aof-timestamp-enabled", at: \.aofTimestampEnabled, .yesNo,
                "Note in the append only file when commands came, so that it can be cut at a point in time."),
            Directive(
                "aof-rewrite-incremental-fsync", at: \.aofRewriteIncrementalFsync, .yesNo,
                "Sync the first part of a rewritten append only file while it is written."),
            Directive(
                "aof-disable-auto-gc", at: \.aofDisableAutoGC, .yesNo,
                "Keep files that a rewrite has replaced."),
        ])

    static let faults = DirectiveSection(
        title: "SLOWNESS FOR TESTS",
        directives: [
            Directive(
                "key-load-delay", at: \.keyLoadDelay, .integer(Int(Int32.min)...int32Max), flags: .hidden,
                "Microseconds to wait after each key, or command of a log, that is loaded."),
            Directive(
                "rdb-key-save-delay", at: \.rdbKeySaveDelay, .integer(Int(Int32.min)...int32Max), flags: .hidden,
                "Microseconds to wait after each key that is saved."),
        ])
}
