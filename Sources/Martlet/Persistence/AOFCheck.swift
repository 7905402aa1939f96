// Looking at an append only file without a server, and cutting its end off, in the manner and with the words of
// redis-check-aof. Commands are not executed: whether they can be read is what matters.

struct AOFCheck {
    let fileSystem: any FileSystem
    let print: (String) -> Void
    /// Asks the person at the terminal; false is the answer of nobody.
    let confirm: (String) -> Bool
    var fixes = false
    var timestamp: Int64?

    private enum Verdict {
        case valid, empty, cut, cutAtTimestamp
        case refused
    }

    /// Whether the file, or all files of the manifest, are as they should be or have been made so.
    func run(_ path: String) -> Bool {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard let file = try fileSystem.open(path) else {
                print("Cannot open file \(path): No such file or directory, aborting...")
                return false
            }
            defer { file.close() }
            bytes = try file.readFirst(64 * 1024)
        } catch {
            print("Cannot open file \(path): \(error.message), aborting...")
            return false
        }
        if Self.isManifest(bytes) { return checkManifest(bytes, path) }
        print("Start checking Old-Style AOF")
        return tell(check(path, path, isLast: true), path)
    }

    private static func isManifest(_ bytes: [UInt8]) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        return lines.first { $0.first != UInt8(ascii: "#") }?.starts(with: "file".utf8) ?? false
    }

    private func checkManifest(_ bytes: [UInt8], _ path: String) -> Bool {
        print("Start checking Multi Part AOF")
        let manifest: AOFManifest
        do throws(AOFManifestError) {
            manifest = try AOFManifest(bytes)
        } catch {
            print("*** FATAL AOF MANIFEST FILE ERROR ***")
            if let line = error.line { print("Reading the manifest file, at line \(line)\n>>> '\(error.text)'") }
            print(error.reason)
            return false
        }
        let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let place = { (name: String) in directory.isEmpty ? name : directory + "/" + name }
        if let base = manifest.base {
            let isSnapshot = beginsAsSnapshot(place(base.name))
            print("Start to check BASE AOF (\(isSnapshot ? "RDB" : "RESP") format).")
            let verdict = check(base.name, place(base.name), isLast: manifest.increments.isEmpty)
            guard tell(verdict, base.name, as: "BASE ") else { return false }
        }
        if !manifest.increments.isEmpty { print("Start to check INCR files.") }
        for (index, entry) in manifest.increments.enumerated() {
            let verdict = check(entry.name, place(entry.name), isLast: index + 1 == manifest.increments.count)
            guard tell(verdict, entry.name, as: "INCR ") else { return false }
        }
        print("All AOF files and manifest are valid")
        return true
    }

    /// Reports a verdict on a file; false when there is no use in going on.
    private func tell(_ verdict: Verdict, _ name: String, as role: String = "") -> Bool {
        switch verdict {
        case .valid: print("\(role)AOF \(name) is valid")
        case .empty: print("\(role)AOF \(name) is empty")
        case .cut: print("Successfully truncated AOF \(name)")
        case .cutAtTimestamp: print("Successfully truncated AOF \(name) to timestamp \(timestamp ?? 0)")
        case .refused: return false
        }
        return true
    }

    private func beginsAsSnapshot(_ path: String) -> Bool {
        guard let file = try? fileSystem.open(path) else { return false }
        defer { file.close() }
        return ((try? file.readFirst(RDBVersion.headerCount)).map(RDBVersion.isHeader)) ?? false
    }

    // MARK: One file

    private func check(_ name: String, _ path: String, isLast: Bool) -> Verdict {
        do throws(SystemError) {
            guard case .file(let size) = try fileSystem.status(of: path), let file = try fileSystem.open(path) else {
                print("Cannot open file \(path): No such file or directory, aborting...")
                return .refused
            }
            defer { file.close() }
            guard size > 0 else { return .empty }
            guard beginsAsSnapshot(path) else { return try read(AOFReader(file), name, path, size, isLast) }
            guard let tail = SnapshotCheck(fileSystem: fileSystem, print: print).read(file) else {
                print("RDB preamble of AOF file is not sane, aborting.")
                return .refused
            }
            print("RDB preamble is OK, proceeding with AOF tail...")
            let offset = tail.offset
            return try read(AOFReader(file, window: tail.takeBytes(), offset: offset), name, path, size, isLast)
        } catch {
            print("Failed to read from AOF \(name), aborting: \(error.message)")
            return .refused
        }
    }

    private func read(
        _ reader: consuming AOFReader, _ name: String, _ path: String, _ size: Int, _ isLast: Bool
    ) throws(SystemError) -> Verdict {
        var reader = reader
        var isOpen = false
        // Where the file was whole the last time.
        var (whole, wholeLines) = (reader.nextOffset, 1)
        reading: while true {
            switch try reader.next() {
            case .command:
                var name = ""
                reader.withCommand { name = $0.text(0).lowercased() }
                if name == "multi" || name == "exec" {
                    guard isOpen == (name == "exec") else {
                        print("Unexpected \(name.uppercased()) in AOF \(path)")
                        break reading
                    }
                    isOpen = name == "multi"
                }
            case .note:
                guard let verdict = try look(at: reader.note, from: reader.offset, name, path, isLast) else { break }
                return verdict
            case .end:
                if isOpen { print("Reached EOF before reading EXEC for MULTI") }
                break reading
            case .cut:
                print("\(name): at byte \(reader.offset): the file ends within a command")
                break reading
            case .malformed:
                print("AOF \(name) format error")
                break reading
            }
            if !isOpen { (whole, wholeLines) = (reader.nextOffset, 1 + reader.lines) }
        }
        if whole == size, let timestamp {
            print("Truncate nothing in AOF \(name) to timestamp \(timestamp)")
            return .valid
        }
        print(
            "AOF analyzed: filename=\(name), size=\(size), ok_up_to=\(whole), ok_up_to_line=\(wholeLines), "
                + "diff=\(size - whole)")
        return whole == size ? .valid : try fix(name, path, size, whole, isLast)
    }

    private func fix(
        _ name: String, _ path: String, _ size: Int, _ whole: Int, _ isLast: Bool
    ) throws(SystemError) -> Verdict {
        guard fixes else {
            print("AOF \(name) is not valid. Use the --fix option to try fixing it.")
            return .refused
        }
        guard isLast else {
            print("Failed to truncate AOF \(name) because it is not the last file")
            return .refused
        }
        print("This will shrink the AOF \(name) from \(size) bytes, with \(size - whole) bytes, to \(whole) bytes")
        guard confirm("Continue? [y/N]: ") else {
            print("Aborting...")
            return .refused
        }
        try truncate(path, to: whole)
        return .cut
    }

    private func truncate(_ path: String, to count: Int) throws(SystemError) {
        let file = try fileSystem.append(to: path)
        defer { file.close() }
        try file.truncate(to: count)
        try file.sync()
    }

    // MARK: Points in time

    /// Cuts the file at a note of a later time than is wanted; nil to go on.
    private func look(
        at note: String, from offset: Int, _ name: String, _ path: String, _ isLast: Bool
    ) throws(SystemError) -> Verdict? {
        guard let timestamp, note.hasPrefix("#TS:") else { return nil }
        guard note.hasSuffix("\r"), let time = Int64(note.dropFirst(4).dropLast()) else {
            print("Invalid timestamp annotation")
            return .refused
        }
        guard time > timestamp else { return nil }
        guard offset > 0 else {
            print("AOF \(name) has nothing before timestamp \(timestamp), aborting...")
            return .refused
        }
        guard isLast else {
            print(
                "Failed to truncate AOF \(name) to timestamp \(timestamp) to offset \(offset) because it is not the "
                    + "last file.")
            print(
                "If you insist, please delete all files after this file according to the manifest file and delete the "
                    + "corresponding records in manifest file manually. Then check again.")
            return .refused
        }
        try truncate(path, to: offset)
        return .cutAtTimestamp
    }
}
