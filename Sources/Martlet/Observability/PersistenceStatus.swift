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

    init(now: Int64) { lastSaveAt = now }

    var isSaving: Bool { savingSince != nil }
}
