// Names of functions from the symbol table of a program or library. Functions that others cannot call are in it, too,
// which the dynamic linker knows nothing of; a stripped file has only those that others can.
//
//   file header      0 magic, class, byte order    32 program headers (8)    40 section headers (8)
//                    54 their size (2), count (2)    58 their size (2), count (2)
//   program header   0 type (4)    8 place in the file (8)    16 address (8)    32 bytes in the file (8)
//   section header   4 type (4)    24 place in the file (8)    32 bytes (8)    40 section of the names (4)
//   symbol           0 name (4)    4 type in the low half (1)    8 address (8)    16 bytes (8)
//
// Whatever the file holds, the worst that happens is that names are missing.

struct ELFSymbols {
    /// A function, and how far behind its begin a place is.
    struct Place: Equatable {
        let name: String
        let distance: Int
    }

    /// Bytes of the file, fewer at its end.
    typealias Reader = (_ offset: Int, _ count: Int) -> [UInt8]

    private struct Section {
        let type: Int
        let offset: Int
        let size: Int
        let link: Int
    }

    private struct Segment {
        let offset: Int
        let address: Int
        let size: Int
    }

    private struct Candidate {
        let nameOffset: Int
        let distance: Int
    }

    private static let symbolTableType = 2
    private static let dynamicSymbolsType = 11
    private static let loadedSegmentType = 1
    private static let functionType = 2
    private static let symbolBytes = 24
    private static let longestName = 16 * 1024

    private let read: Reader
    private let segments: [Segment]
    private let symbols: Section
    private let names: Section

    /// Nil when there is nothing to find.
    init?(read: @escaping Reader) {
        let header = read(0, 64)
        // 64 bits, little endian.
        guard header.count == 64, header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
        self.read = read
        segments = Self.table(header, offsetAt: 32, sizeAt: 54, least: 40, read).compactMap { row in
            guard Self.number(row, 0, 4) == Self.loadedSegmentType, let offset = Self.number(row, 8, 8),
                let address = Self.number(row, 16, 8), let size = Self.number(row, 32, 8)
            else { return nil }
            return Segment(offset: offset, address: address, size: size)
        }
        let sections = Self.table(header, offsetAt: 40, sizeAt: 58, least: 44, read).map { row in
            Section(
                type: Self.number(row, 4, 4) ?? 0, offset: Self.number(row, 24, 8) ?? 0,
                size: Self.number(row, 32, 8) ?? 0, link: Self.number(row, 40, 4) ?? 0)
        }
        let symbols =
            sections.first { $0.type == Self.symbolTableType } ?? sections.first { $0.type == Self.dynamicSymbolsType }
        guard let symbols, sections.indices.contains(symbols.link) else { return nil }
        self.symbols = symbols
        names = sections[symbols.link]
    }

    /// The functions at these places in the file; nil for each that is in none.
    func places(at fileOffsets: [Int]) -> [Place?] {
        let addresses = fileOffsets.map(address)
        let known = addresses.compactMap { $0 }
        guard let lowest = known.min(), let highest = known.max() else { return fileOffsets.map { _ in nil } }
        var found = [Candidate?](repeating: nil, count: fileOffsets.count)
        let step = 4096 * Self.symbolBytes
        for start in stride(from: 0, to: symbols.size, by: step) {
            let (offset, overflow) = symbols.offset.addingReportingOverflow(start)
            let block = overflow ? [] : read(offset, min(step, symbols.size - start))
            if block.isEmpty { break }
            for row in stride(from: 0, to: block.count - block.count % Self.symbolBytes, by: Self.symbolBytes) {
                guard Int(block[row + 4] & 0xF) == Self.functionType, let value = Self.number(block, row + 8, 8),
                    let size = Self.number(block, row + 16, 8), value <= highest,
                    lowest < value || lowest - value < size
                else { continue }
                for (index, address) in addresses.enumerated() {
                    guard let address, address >= value, address - value < size else { continue }
                    let name = Self.number(block, row, 4) ?? 0
                    found[index] = Candidate(nameOffset: name, distance: address - value)
                }
            }
        }
        return found.map { candidate in candidate.flatMap(place) }
    }

    private func place(_ candidate: Candidate) -> Place? {
        guard candidate.nameOffset < names.size else { return nil }
        let (offset, overflow) = names.offset.addingReportingOverflow(candidate.nameOffset)
        guard !overflow else { return nil }
        let name = read(offset, min(Self.longestName, names.size - candidate.nameOffset)).prefix { $0 != 0 }
        return name.isEmpty ? nil : Place(name: String(decoding: name, as: UTF8.self), distance: candidate.distance)
    }

    /// Where a place in the file is in the addresses that symbols are given in.
    private func address(ofFileOffset offset: Int) -> Int? {
        let segment = segments.first { offset >= $0.offset && offset - $0.offset < $0.size }
        guard let segment else { return nil }
        let (address, overflow) = segment.address.addingReportingOverflow(offset - segment.offset)
        return overflow ? nil : address
    }

    /// The rows of the table that the file header tells of; none when they are shorter than `least`.
    private static func table(
        _ header: [UInt8], offsetAt: Int, sizeAt: Int, least: Int, _ read: Reader
    ) -> [ArraySlice<UInt8>] {
        guard let offset = number(header, offsetAt, 8), let size = number(header, sizeAt, 2),
            let count = number(header, sizeAt + 2, 2), size >= least
        else { return [] }
        let rows = read(offset, size * count)
        return stride(from: 0, to: rows.count - rows.count % size, by: size).map { rows[$0..<$0 + size] }
    }

    /// Little endian; nil when it is not there or does not fit an Int.
    private static func number<Bytes: RandomAccessCollection<UInt8>>(
        _ bytes: Bytes, _ offset: Int, _ count: Int
    ) -> Int? where Bytes.Index == Int {
        let start = bytes.startIndex + offset
        guard offset >= 0, bytes.count - offset >= count else { return nil }
        return Int(exactly: bytes[start..<start + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
