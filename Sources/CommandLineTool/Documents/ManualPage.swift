/// One manual page for a whole command tree, in roff with the macros of man(7).
public struct ManualPage: Hashable, Sendable {
    /// The source of the page, to be saved as `tool.1`.
    public let text: String

    /// Describes `root` and everything below it. No date is written, so equal declarations give equal pages.
    /// - Parameter version: Shown at the foot, such as `1.0`.
    public init(for root: Command, version: String) {
        let paths = CommandPath(root: root).tree
        let leaves = paths.filter(\.command.subcommands.isEmpty)
        var page = Source()
        let (name, foot) = (escaped(root.name.uppercased()), escaped("\(root.name) \(version)"))
        page.add(".TH \(name) 1 \"\" \"\(foot)\"")
        page.add(".SH NAME")
        page.add(text: "\(root.name) - \(root.summary)")
        page.add(".SH SYNOPSIS")
        for (index, path) in leaves.enumerated() {
            if index > 0 { page.add(".br") }
            page.add("\(bold(path.title)) \(escaped(path.usage.dropFirst().joined(separator: " ")))")
        }
        page.add(".SH DESCRIPTION")
        page.add(text: root.summary)
        page.add(discussion: root.discussion)
        page.add(argumentsOf: root)
        page.add(".SH OPTIONS")
        page.add(options: root.options + Option.builtIn)
        if paths.count > 1 { page.add(".SH COMMANDS") }
        for path in paths.dropFirst() { page.add(sectionFor: path) }
        let examples = paths.flatMap(\.command.examples)
        if !examples.isEmpty { page.add(".SH EXAMPLES") }
        for (index, example) in examples.enumerated() {
            if index > 0 { page.add(".PP") }
            page.add(example)
        }
        page.add(".SH EXIT STATUS")
        for code in ExitCode.allCases { page.add(tag: bold(String(code.rawValue)), body: code.meaning) }
        text = page.lines.joined(separator: "\n") + "\n"
    }
}

/// The lines of a page under construction.
private struct Source {
    var lines: [String] = []

    /// Adds a line that is roff already.
    mutating func add(_ line: String) { lines.append(line) }

    /// Adds plain text as one input line.
    mutating func add(text: String) {
        lines.append(escaped(text.split(whereSeparator: \.isNewline).joined(separator: " ")))
    }

    mutating func add(discussion: String) {
        for paragraph in paragraphs(discussion) {
            add(".PP")
            add(text: paragraph)
        }
    }

    mutating func add(tag: String, body: String) {
        add(".TP")
        add(tag)
        add(text: body)
    }

    mutating func add(argumentsOf command: Command) {
        for positional in command.positionals { add(tag: italic(positional.name), body: positional.fullHelp) }
    }

    mutating func add(options: [Option]) {
        for option in options {
            let several = option.value?.arity == .several ? "..." : ""
            let value = option.value.map { " \(italic($0.name))\(several)" } ?? ""
            add(tag: option.spellings.map(bold).joined(separator: ", ") + value, body: option.fullHelp)
        }
    }

    /// Inherited options are described once, where they are declared.
    mutating func add(sectionFor path: CommandPath) {
        add(".SS \"\(escaped(path.title))\"")
        add(text: path.command.summary)
        add(discussion: path.command.discussion)
        add(argumentsOf: path.command)
        add(options: path.command.options)
    }

    mutating func add(_ example: Command.Example) {
        add(text: example.purpose)
        add(".PP")
        add(".RS 4")
        add(".nf")
        add(escaped(example.commandLine))
        add(".fi")
        add(".RE")
    }
}

private func bold(_ text: String) -> String { "\\fB\(escaped(text))\\fR" }

private func italic(_ text: String) -> String { "\\fI\(escaped(text))\\fR" }

/// Makes roff print one line of `text` as it is and copy as ASCII. Source: groff_char(7), "Basic Latin".
private func escaped(_ text: String) -> String {
    // A leading dot or quote would start a request; a zero-width character takes its place.
    let start = text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" : ""
    return text.reduce(into: start) { result, character in
        switch character {
        case "\\": result += "\\(rs"
        case "-": result += "\\-"
        case "'": result += "\\(aq"
        case "\"": result += "\\(dq"
        case "`": result += "\\(ga"
        case "^": result += "\\(ha"
        case "~": result += "\\(ti"
        default: result.append(character)
        }
    }
}
