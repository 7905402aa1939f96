// The file of a snapshot on its way to the disk, on a queue of its own: the engine hands over blocks and goes on; when
// too many wait, the snapshot waits, not the clients.
//
// The file has a temporary name until it is whole: write, fsync, rename, fsync of the directory.

import Dispatch
import Synchronization

final class SnapshotFile: Sendable {
    private struct State: Sendable {
        var file: (any StoredFile)?
        var error: SystemError?
    }

    private let queue = DispatchQueue(label: "martlet.snapshot", qos: .utility)
    private let fileSystem: any FileSystem
    private let path: String
    private let temporaryPath: String
    private let directory: String
    private let syncsMeanwhile: Bool
    private let waiting = Atomic<Int>(0)
    private let isAbandoned = Atomic<Bool>(false)
    /// Of everything written so far, if anybody wants it; on the queue.
    private let checksum = Mutex<CRC64?>(nil)
    /// Bytes written since the last sync; on the queue.
    private let unsynced = Atomic<Int>(0)
    /// Bytes written.
    private let written = Atomic<Int>(0)
    private let state: Mutex<State>

    /// Blocks that wait may hold so many bytes before the snapshot waits.
    private static let mostWaiting = 8 << 20

    /// As in Redis: syncing in between keeps the last one short.
    private static let mostUnsynced = 4 << 20

    /// Both are paths of files; the directory is that of `path`.
    init(
        _ path: String, by temporaryPath: String, in directory: String, fileSystem: any FileSystem,
        syncsMeanwhile: Bool
    ) throws(SystemError) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.path = path
        self.temporaryPath = temporaryPath
        self.syncsMeanwhile = syncsMeanwhile
        state = Mutex(State(file: try fileSystem.create(temporaryPath), error: nil))
    }

    /// Whether enough waits for the disk.
    var isBusy: Bool { waiting.load(ordering: .relaxed) > Self.mostWaiting }
    /// Bytes of the file so far.
    var count: Int { written.load(ordering: .relaxed) }
    /// The first thing that went wrong.
    var error: SystemError? { state.withLock { $0.error } }

    /// The trailer will need the checksum; ahead of everything else.
    func beginChecksum() { checksum.withLock { $0 = CRC64() } }

    func append(_ piece: SnapshotPiece) {
        let count = piece.count
        guard count > 0 else { return }
        waiting.add(count, ordering: .relaxed)
        queue.async { [self] in
            piece.visit { write($0) }
            waiting.subtract(count, ordering: .relaxed)
        }
    }

    func append(_ trailer: SnapshotTrailer) {
        if case .none = trailer { return }
        queue.async { [self] in
            let value = checksum.withLock { $0?.value ?? 0 }
            var block = ByteBuffer()
            block.appendInteger(Int64(bitPattern: value), width: 8)
            write(block.bytes)
        }
    }

    /// Waits until all that was handed over is written.
    func drain() { queue.sync {} }

    /// Makes the file whole, gives it its name, and tells `done` on the queue what went wrong, if anything.
    func finish(_ done: @escaping @Sendable (SystemError?) -> Void) {
        queue.async { [self] in done(publish()) }
    }

    /// The same at once.
    func finish() -> SystemError? { queue.sync { publish() } }

    /// Lets go of the file; nothing of it stays.
    func abandon() {
        isAbandoned.store(true, ordering: .relaxed)
        queue.async { [self] in discard() }
    }

    /// The same, and waits until it is gone.
    func abandonNow() {
        abandon()
        drain()
    }

    // MARK: On the queue

    private func write(_ bytes: ByteSpan) {
        let file = state.withLock { $0.error == nil ? $0.file : nil }
        guard let file, !isAbandoned.load(ordering: .relaxed) else { return }
        do throws(SystemError) {
            try file.write(bytes)
            checksum.withLock { $0?.update(bytes) }
            written.add(bytes.count, ordering: .relaxed)
            unsynced.add(bytes.count, ordering: .relaxed)
            if syncsMeanwhile, unsynced.load(ordering: .relaxed) > Self.mostUnsynced {
                unsynced.store(0, ordering: .relaxed)
                try file.sync()
            }
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: SystemError) {
        state.withLock { if $0.error == nil { $0.error = error } }
    }

    private func publish() -> SystemError? {
        let (file, error) = state.withLock { state in (state.file, state.error) }
        guard let file, error == nil, !isAbandoned.load(ordering: .relaxed) else {
            discard()
            return error
        }
        do throws(SystemError) {
            try file.sync()
            close()
            try fileSystem.rename(temporaryPath, to: path)
            try fileSystem.syncDirectory(directory)
            return nil
        } catch {
            fail(error)
            discard()
            return error
        }
    }

    private func close() {
        let file = state.withLock { $0.file.take() }
        file?.close()
    }

    private func discard() {
        close()
        // What cannot be removed is overwritten by the next snapshot.
        _ = try? fileSystem.remove(temporaryPath)
    }
}
