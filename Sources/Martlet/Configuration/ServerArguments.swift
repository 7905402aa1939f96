// The command line of martlet-server: [file] [-] [--name value ...]. Everything behind the file becomes lines that
// are read after it, so that a value is checked, and refused, in the same way wherever it stands.

/// What the command line asks for.
package struct ServerArguments: Equatable, Sendable {
    package enum Request: Equatable, Sendable {
        /// `-v` or `--version` comes first.
        case version
        /// `-h` or `--help` comes first.
        case usage
        case start(ServerArguments)
        /// `--check-rdb` or `--check-aof` comes first.
        case check(FileCheckRequest)
    }

    /// The configuration file, as it was given.
    package private(set) var configurationFile: String?
    /// Whether more configuration comes from standard input.
    package private(set) var readsStandardInput = false
    /// `--fake` comes first.
    package private(set) var isFake = false
    /// Configuration lines made of the `--name value` arguments.
    package private(set) var options: [UInt8] = []

    package static let usage = """
        Usage: martlet-server [/path/to/redis.conf] [options] [-]
               martlet-server - (read the configuration from standard input)
               martlet-server -v or --version
               martlet-server -h or --help
               martlet-server --fake [options] (for tests: nothing is written to disk, and FAKE HELP tells the rest)
               martlet-server --check-rdb <file.rdb>
               martlet-server --check-aof [--fix | --truncate-to-timestamp <seconds>] <file.manifest | file.aof>

        An option is a directive of redis.conf with two dashes before its name. Options win over standard input,
        and standard input wins over the file.

        Examples:
               martlet-server (run with the defaults)
               echo 'maxclients 100' | martlet-server -
               martlet-server /etc/redis/6379.conf
               martlet-server --port 7777
               martlet-server /etc/myredis.conf --loglevel verbose -

        """

    /// Reads the arguments behind the program's name.
    package static func parse(_ arguments: [String]) -> Request {
        switch arguments.first {
        case "-v", "--version": return .version
        case "-h", "--help": return .usage
        case "--check-rdb", "--check-aof": return FileCheckRequest(arguments).map { .check($0) } ?? .usage
        default: break
        }
        var result = ServerArguments()
        var rest = arguments[...]
        if rest.first == "--fake" {
            result.isFake = true
            rest = rest.dropFirst()
        }
        if let file = rest.first, !file.hasPrefix("-") {
            result.configurationFile = file
            rest = rest.dropFirst()
        }
        // A bare --name takes the next word as its value, whatever that looks like.
        var expectsValue = false
        for (index, argument) in zip(rest.indices, rest) {
            let isLast = index == arguments.count - 1
            if argument == "-", index == rest.startIndex || isLast {
                result.readsStandardInput = true
            } else if !expectsValue, argument.hasPrefix("--") {
                let next = isLast ? nil : arguments[index + 1]
                expectsValue = result.appendName(argument, next: next)
            } else {
                result.options += quotedRepresentation(of: Array(argument.utf8).span) + [UInt8(ascii: " ")]
                expectsValue = false
            }
        }
        return .start(result)
    }

    /// Begins a line with the argument behind its two dashes; gives whether the next argument is its value.
    private mutating func appendName(_ argument: String, next: String?) -> Bool {
        if !options.isEmpty { options.append(UInt8(ascii: "\n")) }
        let bytes = Array(argument.utf8)
        options += bytes.dropFirst(2) + [UInt8(ascii: " ")]
        // "--name value" in one word is complete; so is a word that cannot be split, which the loader will refuse.
        guard splitQuotedWords(bytes.span)?.count == 1 else { return false }
        // Scripts write --save with nothing behind it for "no save points".
        if argument.utf8.asciiLowercased == "--save", next?.hasPrefix("--") ?? true {
            options += Array("\"\"".utf8)
            return false
        }
        return true
    }

    /// The configuration that these arguments give: the file, then standard input, then the options.
    package func configuration(
        read: ConfigurationReader, readStandardInput: () -> [UInt8]
    ) throws(ConfigurationError) -> Configuration {
        var text: [UInt8] = []
        if let configurationFile { text += try read(configurationFile) }
        if readsStandardInput { text += readStandardInput() }
        // Redis joins them so, which shows in the line numbers of its refusals: the first option is line 2.
        text.append(UInt8(ascii: "\n"))
        text += options
        var configuration = Configuration()
        try ConfigurationFile.load(text, into: &configuration, read: read)
        return configuration
    }
}
