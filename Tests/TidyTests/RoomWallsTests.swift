// Who may use whom, floor by floor: the types that each room declares are looked for in all other rooms' code.

import Testing

struct RoomWallsTests {
    /// The floors from the bottom. Arrows run down.
    static let floors: [String: Int] = [
        "Structures": 1, "System": 1, "Configuration": 1,
        "Values": 2, "Protocol": 2, "Propagation": 2, "EventLoop": 2,
        "Keyspace": 3,
        "Execution": 4, "Observability": 4, "RDB": 4, "AOF": 4,
        "Commands": 5, "Network": 5, "Persistence": 5, "Fake": 5,
        "Server": 6,
        "face": 7,
    ]

    /// Arrows that do not run down, each with its reason.
    static let exceptions: [String: String] = [
        "Structures -> System": "memory comes from the system",
        "Configuration -> Structures": "words and patterns",
        "Execution -> Observability": "the executor counts and logs",
        "Propagation -> Protocol": "a command is logged in the words that it came in",
    ]

    @Test func everyRoomHasAFloor() {
        let rooms = Swift.Set(HouseRulesTests.library.compactMap(\.room))
        #expect(rooms == Swift.Set(Self.floors.keys))
    }

    @Test func arrowsRunDown() {
        let arrows = Self.arrows(HouseRulesTests.library)
        #expect(arrows.count > 20)
        let broken = arrows.filter { arrow, _ in
            let (from, to) = Self.ends(arrow)
            let isDown = (Self.floors[from] ?? 0) > (Self.floors[to] ?? 0)
            return !isDown && Self.exceptions[arrow] == nil
        }
        #expect(broken.map { "\($0.key): \($0.value.sorted().joined(separator: ", "))" }.sorted() == [])
    }

    /// On one floor an arrow may be allowed; its counterpart may not, however long the way back.
    @Test func exceptionsMakeNoCircle() {
        let arrows = Self.exceptions.keys.map(Self.ends)
        #expect(Self.circle(arrows) == nil)
        #expect(Self.circle([("A", "B"), ("B", "C"), ("C", "A")]) != nil)
    }

    @Test func exceptionsAreNeeded() {
        let present = Self.arrows(HouseRulesTests.library)
        #expect(Self.exceptions.keys.filter { present[$0] == nil } == [])
    }

    /// A room that leads back to itself.
    private static func circle(_ arrows: [(from: String, to: String)]) -> String? {
        arrows.map(\.from).first { start in
            var reached: Swift.Set<String> = []
            var next = [start]
            while let room = next.popLast() {
                for arrow in arrows where arrow.from == room && reached.insert(arrow.to).inserted {
                    next.append(arrow.to)
                }
            }
            return reached.contains(start)
        }
    }

    @Test func anArrowUpIsSeen() {
        let files = [
            SourceFile(path: "Sources/Martlet/Commands/A.swift", text: "// A\nenum UpperThing {}"),
            SourceFile(path: "Sources/Martlet/Values/B.swift", text: "// B\nlet b = UpperThing.self"),
        ]
        #expect(Self.arrows(files).keys.sorted() == ["Values -> Commands"])
    }

    private static func ends(_ arrow: String) -> (from: String, to: String) {
        let parts = arrow.split(separator: " ")
        return (String(parts[0]), String(parts[2]))
    }

    /// `From -> To`, and where and by which type.
    static func arrows(_ files: [SourceFile]) -> [String: Swift.Set<String>] {
        var homes: [String: String] = [:]
        for file in files {
            for name in declaredTypes(file) {
                // A name that two rooms declare says nothing.
                homes[name] = homes[name] == nil || homes[name] == file.room ? file.room : ""
            }
        }
        // A method may be called like another room's function.
        let ownNames = Dictionary(grouping: files) { $0.room }.mapValues { Swift.Set($0.flatMap(methodNames)) }
        var arrows: [String: Swift.Set<String>] = [:]
        for file in files {
            guard let room = file.room else { continue }
            for word in words(file) where ownNames[room]?.contains(word) == false {
                guard let home = homes[word], !home.isEmpty, home != room else { continue }
                arrows["\(room) -> \(home)", default: []].insert("\(word) in \(file.path)")
            }
        }
        return arrows
    }

    /// Types and functions declared at the top level of a file, private ones left out.
    private static func declaredTypes(_ file: SourceFile) -> [String] {
        let kinds = ["struct ", "class ", "enum ", "protocol ", "typealias ", "func "]
        return file.code.compactMap { line in
            guard line.first != " ", !line.hasPrefix("private "), !line.hasPrefix("fileprivate ") else { return nil }
            guard let kind = kinds.first(where: { line.hasPrefix($0) || line.contains(" \($0)") }) else { return nil }
            guard let range = line.range(of: kind) else { return nil }
            let name = line[range.upperBound...].prefix { $0.isLetter || $0.isNumber }
            return name.isEmpty ? nil : String(name)
        }
    }

    private static func methodNames(_ file: SourceFile) -> [String] {
        file.code.compactMap { line in
            guard line.first == " ", let range = line.range(of: "func ") else { return nil }
            return String(line[range.upperBound...].prefix { $0.isLetter || $0.isNumber })
        }
    }

    private static func words(_ file: SourceFile) -> Swift.Set<String> {
        Swift.Set(
            file.code.flatMap { line in
                line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
            })
    }
}
