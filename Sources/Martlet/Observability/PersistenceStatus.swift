// What is known about saving, as INFO persistence, LASTSAVE and the save points ask for it.

struct PersistenceStatus {
    /// Seconds since 1970.
    var lastSaveAt: Int64
    var lastSaveSucceeded = true
    /// When the last attempt began and how long it took, in seconds; -1 when there was none.
    var lastAttemptAt: Int64 = 0
    var lastSaveSeconds: Int64 = -1
    var saves = 0
    /// A background save goes on since this time.
    var savingSince: Int64?
    /// Another background save is to follow.
    var isScheduled = false
    var savedKeys = 0
    var keysToSave = 0
    var loadedKeys = 0
    var expiredKeysAtLoad = 0

    var appendOnly = AOFStatus()
    /// Nil when nothing is being loaded.
    var loading: LoadingProgress?

    /// Background saves and rewrites that were begun.
    var backgroundJobs = 0

    init(now: Int64) { lastSaveAt = now }

    /// For CONFIG RESETSTAT.
    mutating func resetCounts() {
        (saves, backgroundJobs) = (0, 0)
        (appendOnly.delayedSyncs, appendOnly.rewrite.count) = (0, 0)
    }

    var isSaving: Bool { savingSince != nil }
    /// Whether keys are being written, be it for a snapshot or for a rewrite.
    var isWriting: Bool { isSaving || appendOnly.rewrite.isRunning }
}

/// What is known about the append only file.
struct AOFStatus {
    var isOn = false
    var hasWriteError = false
    /// Bytes of all its files, and of those at the end of the last rewrite.
    var size = 0
    var sizeAtRewrite = 0
    /// Bytes that wait to be written.
    var pendingCount = 0
    var isSyncing = false
    /// Writes that did not wait for a sync that took too long.
    var delayedSyncs = 0
    var rewrite = RewriteStatus()
}

/// What goes on and went on with rewrites of the append only file.
struct RewriteStatus {
    /// Seconds since 1970; nil when none goes on.
    var begunAt: Int64?
    /// Another one is to follow when it can.
    var isScheduled = false
    var hasSucceeded = true
    var count = 0
    /// Failures in a row.
    var failures = 0
    var lastSeconds: Int64 = -1

    var isRunning: Bool { begunAt != nil }
}

/// How far the loading of the data has come.
struct LoadingProgress {
    let beganAt: Int64
    let totalBytes: Int
    var loadedBytes = 0
    /// Memory that the data took when it was saved, as the file says; 0 while that is not known.
    var memoryAtSave = 0
}
