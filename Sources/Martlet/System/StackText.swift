// A stack in words, a line for each frame, in the form of glibc's backtrace_symbols:
//
//   program(function+0x12) [0x55d0c0a01234]
//
// For threads that may take memory and read files, which a signal handler may not.

#if canImport(Glibc)
import CMartletSystem
import Glibc
#endif

enum StackText {
    private static let largestMaps = 16 << 20

    /// `addresses` are a place and those that calls return to, as `StackSampler` gives them.
    static func lines(_ addresses: [UInt]) -> [String] {
        let files = ((try? SmallFile.read("/proc/self/maps", limit: largestMaps)).map(MappedFile.parse)) ?? []
        // A call may be a function's last instruction, and return to the next one's begin.
        let places = addresses.enumerated().map { index, address in index == 0 ? address : address - min(address, 1) }
        let owners = places.map { place in files.firstIndex { $0.holds(place) } }
        var lines = addresses.map { "[0x\(hex($0))]" }
        for path in Set(owners.compactMap { $0.map { files[$0].path } }) {
            let indices = owners.indices.filter { owners[$0].map { files[$0].path } == path }
            let offsets = indices.map { index in
                owners[index].map { files[$0].fileOffset(of: places[index]) } ?? 0
            }
            let found = symbols(of: path, at: offsets)
            for (index, (offset, place)) in zip(indices, zip(offsets, found)) {
                let step = addresses[index] - places[index]
                let inside =
                    place.map { "\(demangled($0.name))+0x\(hex(UInt(clamping: $0.distance) + step))" }
                    ?? "+0x\(hex(UInt(clamping: offset) + step))"
                lines[index] = "\(path)(\(inside)) \(lines[index])"
            }
        }
        return lines
    }

    private static func symbols(of path: String, at offsets: [Int]) -> [ELFSymbols.Place?] {
        // The program's own file may be another by now.
        let isProgram = path == (try? CurrentProcess.executablePath())
        guard let file = try? FileDescriptor.open(isProgram ? "/proc/self/exe" : path, for: .read) else {
            return offsets.map { _ in nil }
        }
        defer { file.close() }
        let symbols = ELFSymbols { offset, count in file.read(at: offset, count: count) }
        return symbols?.places(at: offsets) ?? offsets.map { _ in nil }
    }

    /// As it is written in Swift, if it is a Swift function's.
    static func demangled(_ name: String) -> String {
        #if canImport(Glibc)
        guard let text = swift_demangle(name, name.utf8.count, nil, nil, 0) else { return name }
        defer { free(text) }
        return String(cString: text)
        #else
        return name
        #endif
    }

    private static func hex(_ number: UInt) -> String { String(number, radix: 16) }
}

/// A part of the address space that runs code from a file: a line of /proc/self/maps.
///
///     55d0c0a00000-55d0c0b00000 r-xp 00012000 fe:01 1234    /usr/bin/program
struct MappedFile: Equatable {
    let start: UInt
    let end: UInt
    /// What of the file is at `start`.
    let offset: Int
    let path: String

    func holds(_ address: UInt) -> Bool { address >= start && address < end }

    /// For an address that it holds.
    func fileOffset(of address: UInt) -> Int {
        let (sum, overflow) = offset.addingReportingOverflow(Int(clamping: address - start))
        return overflow ? Int.max : sum
    }

    static func parse(_ text: [UInt8]) -> [MappedFile] {
        text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard fields.count == 6, fields[1].contains("x"), let path = fields[5].firstIndex(of: "/") else {
                return nil
            }
            let range = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard range.count == 2, range[0] < range[1], let offset = Int(fields[2], radix: 16) else { return nil }
            return MappedFile(start: range[0], end: range[1], offset: offset, path: String(fields[5][path...]))
        }
    }
}
