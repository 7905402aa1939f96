// Short ways to write and read configurations in tests.

@testable import Martlet

extension Configuration {
    /// The configuration that a text gives; `files` are the ones it can include.
    static func loading(_ text: String, files: [String: String] = [:]) throws(ConfigurationError) -> Configuration {
        var configuration = Configuration()
        try ConfigurationFile.load(Array(text.utf8), into: &configuration) { path throws(ConfigurationError) in
            guard let file = files[path] else {
                throw .unreadable(path: path, reason: "No such file or directory")
            }
            return Array(file.utf8)
        }
        return configuration
    }

    /// What CONFIG GET shows for exactly this name.
    func text(_ name: String) -> String? {
        ConfigGet.run([Array(name.utf8)], in: self).first.map { String(decoding: $0.value, as: UTF8.self) }
    }

    /// CONFIG SET of name, value, name, value ...
    @discardableResult
    mutating func set(
        _ words: String..., isLocalClient: Bool = true,
        apply: ConfigSet.Apply = { _, _ in nil }
    ) throws(ConfigSetError) -> [String] {
        let pairs = stride(from: 0, to: words.count, by: 2).map { index in
            ConfigSet.Pair(name: Array(words[index].utf8), value: Array(words[index + 1].utf8))
        }
        return try ConfigSet.run(pairs, on: &self, isLocalClient: isLocalClient, apply: apply).map(\.name)
    }

    /// The reason for which a text is refused, and the number of its line.
    static func refusal(_ text: String, files: [String: String] = [:]) -> Refusal? {
        do {
            _ = try loading(text, files: files)
            return nil
        } catch {
            guard case .refused(let line, let reason) = error else { return nil }
            return Refusal(line: line?.number, text: line?.text, reason: reason)
        }
    }

    struct Refusal: Equatable {
        var line: Int?
        var text: String?
        var reason: String
    }
}
