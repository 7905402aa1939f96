// Checking data files from the command line, without a server.

/// A look at a snapshot or an append only file, and, where it is wished, a cut at its end.
package struct FileCheck {
    private let request: FileCheckRequest

    package init(_ request: FileCheckRequest) { self.request = request }

    /// Reports to `print`, a line at a time; whether the files are as they should be, or have been made so.
    package func run(print: @escaping (String) -> Void, confirm: @escaping (String) -> Bool) -> Bool {
        run(DiskFileSystem(), print: print, confirm: confirm)
    }

    func run(
        _ fileSystem: any FileSystem, print: @escaping (String) -> Void, confirm: @escaping (String) -> Bool
    ) -> Bool {
        var check = AOFCheck(fileSystem: fileSystem, print: print, confirm: confirm)
        switch request.kind {
        case .snapshot: return SnapshotCheck(fileSystem: fileSystem, print: print).run(request.path)
        case .appendOnlyFile: break
        case .fixAppendOnlyFile: check.fixes = true
        case .truncateAppendOnlyFile(let timestamp): check.timestamp = timestamp
        }
        return check.run(request.path)
    }
}
