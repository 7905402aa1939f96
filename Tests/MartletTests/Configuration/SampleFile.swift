// redis.conf.sample as the directive table makes it: header, sections, and for each directive its documentation,
// shape and default. Directives that have an effect stand as active lines, the others behind a # without a space.

@testable import Martlet

enum SampleFile {
    static func render() -> String {
        var lines = [header]
        for section in DirectiveTable.honoured { lines.append(render(section)) }
        lines.append(waitingHeader)
        for section in DirectiveTable.waiting { lines.append(render(section)) }
        return lines.joined(separator: "\n")
    }

    /// The default as the words of a line.
    static func defaultWords(of directive: Directive) -> String {
        let value = directive.text(in: Configuration())
        let text = String(decoding: value, as: UTF8.self)
        if directive.name == "replicaof" { return "no one" }
        let isPlain = !text.isEmpty && (directive.takesManyWords || !text.contains(" "))
        return isPlain ? text : String(decoding: quotedRepresentation(of: value.span), as: UTF8.self)
    }

    private static func render(_ section: DirectiveSection) -> String {
        let rule = String(repeating: "#", count: 80)
        let title = " \(section.title) "
        let left = (rule.count - title.count) / 2
        let banner = rule.prefix(left) + title + rule.prefix(rule.count - title.count - left)
        return "\(banner)\n\n" + section.directives.map(render).joined(separator: "\n")
    }

    private static func render(_ directive: Directive) -> String {
        var comments = directive.documentation.split(separator: "\n").map(String.init)
        comments.append("Value: \(directive.shape).")
        if directive.flags.contains(.immutable) { comments.append("Fixed while the server runs.") }
        if !directive.aliases.isEmpty { comments.append("Also known as: \(directive.aliases.joined(separator: ", "))") }
        let line = "\(directive.hasEffect ? "" : "#")\(directive.name) \(defaultWords(of: directive))\n"
        return comments.map { "# \($0)\n" }.joined() + line
    }

    private static let header = """
        # Configuration of martlet-server, in the format of redis.conf. Every directive stands here with its default:
        # the server starts with this file as it is, as it would with none.
        #
        #   martlet-server /path/to/redis.conf
        #
        # A line is a directive and its words. Words are parted by blanks; "..." and '...' hold blanks together
        # (in "...": \\n \\r \\t \\b \\a \\xHH \\" \\\\, in '...': \\'). "" is the empty text.
        # Names are taken in any case.
        # Lines that begin with # are comments. The last line of a directive wins, but save lines add up, and
        # client-output-buffer-limit lines each set the classes that they name.
        #
        # Amounts of memory are bytes, or take a unit in any case:
        #   1k = 1000, 1kb = 1024, 1m = 1000 * 1000, 1mb = 1024 * 1024, 1g = 1000 ^ 3, 1gb = 1024 ^ 3 bytes
        #
        # Two more lines are possible, any number of times:
        #
        #include /path/to/other.conf
        #   reads the lines of another file in this place; * ? and [ in the path stand for all files that match.
        #rename-command CONFIG ""
        #   gives a command another name, or removes it with an empty one.

        """

    private static let waitingHeader = """
        ################################################################################
        #                        ACCEPTED, WITHOUT EFFECT YET                          #
        #                                                                              #
        # The directives below belong to features that this version does not have. A   #
        # file that sets them is accepted, CONFIG GET and SET work on them, and the    #
        # start names those that differ from their default in one line of the log.     #
        ################################################################################

        """
}
