// A file of users (`aclfile`): a line `user name rules` for each. It is taken as a whole or not at all.

enum UserFile {
    struct User {
        let name: [UInt8]
        let rules: UserRules
    }

    /// Everything that is wrong with a file, in one line.
    struct Refusal: Error, Equatable {
        var text: String
    }

    /// - Parameters:
    ///   - path: the file's name for messages.
    ///   - newChannels: what `acl-pubsub-default` says.
    static func read(
        _ text: [UInt8], path: String, newChannels: Bool, in table: borrowing CommandIndex
    ) throws(Refusal) -> [User] {
        var users: [User] = []
        var names: Set<[UInt8]> = []
        var problems = ""
        for (index, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }.map(Array.init)
            guard let keyword = words.first else { continue }
            let place = "\(path):\(index + 1)"
            guard keyword == Array("user".utf8), words.count > 1 else {
                problems += "\(place) should start with user keyword followed by the username. "
                continue
            }
            let name = words[1]
            guard !name.containsBlanks else {
                let text = String(decoding: name, as: UTF8.self)
                problems += "'\(place): username '\(text)' contains invalid characters. "
                continue
            }
            guard names.insert(name).inserted else {
                problems +=
                    "WARNING: Duplicate user '\(String(decoding: name, as: UTF8.self))' found on line \(index + 1). "
                continue
            }
            var rules = UserRules(commandCount: table.count, allowsAllChannels: newChannels)
            do throws(RefusedAccessRule) {
                try rules.apply(Array(words.dropFirst(2)), newChannels: newChannels, in: table)
                users.append(User(name: name, rules: rules))
            } catch {
                problems += describe(error, place)
            }
        }
        guard problems.isEmpty else {
            throw Refusal(
                text: problems + "WARNING: ACL errors detected, no change to the previously active ACL rules was "
                    + "performed")
        }
        return users
    }

    /// A command's name is no secret; other rules may hold one.
    private static func describe(_ refused: RefusedAccessRule, _ place: String) -> String {
        switch refused.error {
        case .unknownName:
            let rule = String(decoding: refused.rule, as: UTF8.self)
            return "\(place): Error in applying operation '\(rule)': \(refused.error.text). "
        case .unmatchedParenthesis: return "\(place): Unmatched parenthesis in selector definition."
        default: return "\(place): \(refused.error.text). "
        }
    }

    /// The text that makes these users.
    static func text(of users: [Martlet.User]) -> [UInt8] {
        users.flatMap { $0.line + [0x0A] }
    }
}
