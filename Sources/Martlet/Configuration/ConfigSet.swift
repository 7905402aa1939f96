// CONFIG SET: several directives at once, all or nothing. First every name is looked up, then every value is set,
// then every change is put into effect; whatever goes wrong, the configuration and the server are as before.

enum ConfigSet {
    struct Pair {
        let name: [UInt8]
        let value: [UInt8]
    }

    /// Puts a changed directive into effect; gives a reason when that fails. It may bring the value into its final
    /// form (`dir` as an absolute path).
    typealias Apply = (_ directive: Directive, _ configuration: inout Configuration) -> String?

    /// Sets the pairs. On failure the directives that were put into effect are put back, last first, by calls with the
    /// old configuration. Gives the directives whose value has changed.
    @discardableResult
    static func run(
        _ pairs: [Pair], on configuration: inout Configuration, isLocalClient: Bool, apply: Apply
    ) throws(ConfigSetError) -> [Directive] {
        let directives = try lookUp(pairs, in: configuration, isLocalClient: isLocalClient)
        var updated = configuration
        for (pair, directive) in zip(pairs, directives) {
            do throws(DirectiveError) {
                try directive.set(pair.value, in: &updated)
            } catch {
                throw .failed(name: pair.name.asciiLowercased, reason: error.reason)
            }
        }
        var changed: [(name: String, directive: Directive)] = []
        for (pair, directive) in zip(pairs, directives)
        where directive.text(in: updated) != directive.text(in: configuration) {
            changed.append((pair.name.asciiLowercased, directive))
        }
        for (index, change) in changed.enumerated() {
            guard let reason = apply(change.directive, &updated) else { continue }
            for undone in changed[...index].reversed() {
                _ = apply(undone.directive, &configuration)
            }
            throw .failed(name: change.name, reason: reason)
        }
        configuration = updated
        return changed.map(\.directive)
    }

    /// The rows of all names; refuses at the first that is unknown, may not be set or stands there twice.
    private static func lookUp(
        _ pairs: [Pair], in configuration: Configuration, isLocalClient: Bool
    ) throws(ConfigSetError) -> [Directive] {
        let allowsProtected = configuration.enableProtectedConfigs.isAllowed(toLocalClient: isLocalClient)
        var directives: [Directive] = []
        var names: Set<String> = []
        for pair in pairs {
            let name = pair.name.asciiLowercased
            let written = String(decoding: pair.name.prefix { $0 != 0 }, as: UTF8.self)
            guard let directive = DirectiveTable.directive(named: name) else { throw .unknown(name: written) }
            if directive.flags.contains(.immutable) {
                throw .failed(name: written, reason: "can't set immutable config")
            }
            if directive.flags.contains(.protected), !allowsProtected {
                throw .failed(name: written, reason: "can't set protected config")
            }
            // A name and its alias together are no duplicate: the later one wins.
            guard names.insert(name).inserted else { throw .failed(name: written, reason: "duplicate parameter") }
            directives.append(directive)
        }
        return directives
    }
}

enum ConfigSetError: Error, Equatable {
    case unknown(name: String)
    case failed(name: String, reason: String)

    /// The error reply, without its leading dash.
    var reply: String {
        switch self {
        case .unknown(let name):
            "ERR Unknown option or number of arguments for CONFIG SET - '\(name)'"
        case .failed(let name, let reason):
            "ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
        }
    }
}
