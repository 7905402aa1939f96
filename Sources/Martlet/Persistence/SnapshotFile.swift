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
    private let waiting = Atomic<Int>(0)
    private let state: Mutex<State>

    /// Blocks that wait may hold so many bytes before the snapshot waits.
    private static let mostWaiting = 8 << 20

    init(_ path: String, in directory: String, fileSystem: any FileSystem, processID: Int32) throws(SystemError) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.path = path.hasPrefix("/") ? path : directory + "/" + path
        temporaryPath = directory + "/temp-\(processID).rdb"
        state = Mutex(State(file: try fileSystem.create(temporaryPath), error: nil))
    }

    /// Whether enough waits for the disk.
    var isBusy: Bool { waiting.load(ordering: .relaxed) > Self.mostWaiting }
    /// The first thing that went wrong.
    var error: SystemError? { state.withLock { $0.error } }

    func append(_ block: consuming ByteBuffer) {
        let count = block.count
        waiting.add(count, ordering: .relaxed)
        let parcel = Parcel(block)
        queue.async { [self] in
            write(parcel.take())
            waiting.subtract(count, ordering: .relaxed)
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
        queue.async { [self] in discard() }
    }

    // MARK: On the queue

    private func write(_ block: consuming ByteBuffer) {
        let file = state.withLock { $0.error == nil ? $0.file : nil }
        guard let file else { return }
        do throws(SystemError) {
            try file.write(block.bytes)
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: SystemError) {
        state.withLock { if $0.error == nil { $0.error = error } }
    }

    private func publish() -> SystemError? {
        let (file, error) = state.withLock { state in (state.file, state.error) }
        guard let file, error == nil else {
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

    /// Carries a block to the queue. Guard: filled by one thread, emptied by the one that it was handed to.
    private final class Parcel: @unchecked Sendable {
        private var block: ByteBuffer?

        init(_ block: consuming ByteBuffer) { self.block = consume block }

        func take() -> ByteBuffer { block.take() ?? ByteBuffer() }
    }
}
