// An object in JSON, taken apart into the texts of its values and put together again, so that what nobody touches stays
// byte for byte what another program wrote.

import Foundation

enum JSONSlices {
    /// Deeper nesting is refused.
    private static let deepest = 512

    /// The text of each value of an object; of equal names the last counts. Nil when the text is no object.
    static func values(ofObject text: [UInt8]) -> [String: [UInt8]]? {
        var position = 0
        var values: [String: [UInt8]] = [:]
        skipSpace(text, &position)
        guard take(UInt8(ascii: "{"), text, &position) else { return nil }
        skipSpace(text, &position)
        if take(UInt8(ascii: "}"), text, &position) { return isAtEnd(text, position) ? values : nil }
        repeat {
            skipSpace(text, &position)
            guard let nameRange = string(text, &position),
                let name = try? JSONDecoder().decode(String.self, from: Data(text[nameRange]))
            else { return nil }
            skipSpace(text, &position)
            guard take(UInt8(ascii: ":"), text, &position) else { return nil }
            skipSpace(text, &position)
            guard let range = value(text, &position) else { return nil }
            values[name] = Array(text[range])
            skipSpace(text, &position)
        } while take(UInt8(ascii: ","), text, &position)
        guard take(UInt8(ascii: "}"), text, &position), isAtEnd(text, position) else { return nil }
        return values
    }

    /// An object of these values, sorted by name.
    static func object(_ values: [String: [UInt8]]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, (name, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            // A name can always be encoded.
            text += (try? JSONEncoder().encode(name)).map(Array.init) ?? []
            text.append(UInt8(ascii: ":"))
            text += value
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    // MARK: Pieces

    private static func isAtEnd(_ text: [UInt8], _ position: Int) -> Bool {
        text[position...].allSatisfy(isSpace)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }

    private static func skipSpace(_ text: [UInt8], _ position: inout Int) {
        while position < text.count, isSpace(text[position]) { position += 1 }
    }

    private static func take(_ byte: UInt8, _ text: [UInt8], _ position: inout Int) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    /// With its quotation marks.
    private static func string(_ text: [UInt8], _ position: inout Int) -> Range<Int>? {
        let start = position
        guard take(UInt8(ascii: "\""), text, &position) else { return nil }
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""):
                position += 1
                return start..<position
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        return nil
    }

    /// Where a value ends is all that is asked: what stands in it is for those who decode it.
    private static func value(_ text: [UInt8], _ position: inout Int) -> Range<Int>? {
        let start = position
        var depth = 0
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""):
                guard string(text, &position) != nil else { return nil }
                if depth == 0 { return start..<position }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= deepest else { return nil }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return start < position ? start..<position : nil }
                depth -= 1
                if depth == 0 {
                    position += 1
                    return start..<position
                }
            case UInt8(ascii: ",") where depth == 0, _ where depth == 0 && isSpace(text[position]):
                return start < position ? start..<position : nil
            default: break
            }
            position += 1
        }
        return nil
    }
}
