// Names of functions from files and address maps that are right, cut short, or wrong.

import Testing

@testable import Martlet

struct StackTextTests {
    @Test func mapsOfCodeAreRead() {
        let text = """
            55d0c0a00000-55d0c0b00000 r-xp 00012000 fe:01 1234                       /usr/bin/a program
            55d0c0b00000-55d0c0c00000 rw-p 00112000 fe:01 1234                       /usr/bin/a program
            7ffd4a5f2000-7ffd4a5f4000 r-xp 00000000 00:00 0                          [vdso]
            7f0000000000-7f0000001000 r-xp 00000000 00:00 0
            nonsense
            """
        let files = MappedFile.parse(Array(text.utf8))
        #expect(
            files == [
                MappedFile(start: 0x55d0_c0a0_0000, end: 0x55d0_c0b0_0000, offset: 0x12000, path: "/usr/bin/a program")
            ])
        #expect(files.first?.holds(0x55d0_c0a0_0000) == true && files.first?.holds(0x55d0_c0b0_0000) == false)
        #expect(files.first?.fileOffset(of: 0x55d0_c0a0_0010) == 0x12010)
    }

    @Test func aPlaceThatIsNowhereHasItsAddress() {
        #expect(StackText.lines([0x10, 0]) == ["[0x10]", "[0x0]"])
        #expect(StackText.lines([]) == [])
    }

    @Test func namesOfOtherLanguagesStay() {
        #expect(StackText.demangled("main") == "main")
        #expect(StackText.demangled("") == "")
        #if canImport(Glibc)
        #expect(StackText.demangled("$s7Martlet4birdyyF") == "Martlet.bird() -> ()")
        #endif
    }

    @Test func functionsAreFoundByTheirPlace() throws {
        let symbols = try #require(ELFSymbols(read: Self.reader(of: Self.file)))
        let places = symbols.places(at: [0, 0x40, 0x4F, 0x50, 0x5F, 0x60, 0x1000])
        #expect(
            places == [
                nil, .init(name: "first", distance: 0), .init(name: "first", distance: 15),
                .init(name: "second", distance: 0), .init(name: "second", distance: 15), nil, nil,
            ])
    }

    /// Nothing is asked of the answers but that there are any.
    @Test func damagedFilesDoNoHarm() {
        let offsets = [0, 0x40, 0x50, 0x60, Int.max]
        for count in 0...Self.file.count {
            let places = ELFSymbols(read: Self.reader(of: Array(Self.file[..<count])))?.places(at: offsets)
            #expect(places == nil || places?.count == offsets.count)
        }
        for index in Self.file.indices {
            for byte: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var file = Self.file
                file[index] = byte
                let places = ELFSymbols(read: Self.reader(of: file))?.places(at: offsets)
                #expect(places == nil || places?.count == offsets.count)
            }
        }
    }

    private static func reader(of file: [UInt8]) -> ELFSymbols.Reader {
        { offset, count in
            guard offset >= 0, offset < file.count else { return [] }
            return Array(file[offset...].prefix(count))
        }
    }

    /// A file whose code, at 0x40 of the file, runs at 0x2000: two functions of 16 bytes each.
    private static let file: [UInt8] = {
        func field(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> ($0 * 8) & 0xFF) } }
        func section(_ type: Int, _ offset: Int, _ size: Int, _ link: Int) -> [UInt8] {
            [
                field(0, 4), field(type, 4), field(0, 16), field(offset, 8), field(size, 8), field(link, 4),
                field(0, 20),
            ].flatMap { $0 }
        }
        func symbol(_ name: Int, _ type: Int, _ value: Int, _ size: Int) -> [UInt8] {
            [field(name, 4), field(type, 1), field(0, 3), field(value, 8), field(size, 8)].flatMap { $0 }
        }
        let code = [UInt8](repeating: 0x90, count: 32)
        let names = Array("\0first\0second\0".utf8)
        let symbols = [
            symbol(0, 0, 0, 0), symbol(1, 2, 0x2000, 16), symbol(7, 0x12, 0x2010, 16), symbol(7, 1, 0x2000, 32),
        ].flatMap { $0 }
        let program = [
            field(1, 4), field(5, 4), field(0x40, 8), field(0x2000, 16), field(32, 8), field(32, 8), field(1, 8),
        ].flatMap { $0 }
        let programAt = 64 + code.count
        let namesAt = programAt + program.count
        let symbolsAt = namesAt + names.count
        let sectionsAt = symbolsAt + symbols.count
        let sections = [
            section(0, 0, 0, 0), section(2, symbolsAt, symbols.count, 2), section(3, namesAt, names.count, 0),
        ].flatMap { $0 }
        let header = [
            [0x7F, 0x45, 0x4C, 0x46, 2, 1], field(0, 26), field(programAt, 8), field(sectionsAt, 8), field(0, 6),
            field(56, 2), field(1, 2), field(64, 2), field(3, 2), field(2, 2),
        ].flatMap { $0 }
        return [header, code, program, names, symbols, sections].flatMap { $0 }
    }()
}
