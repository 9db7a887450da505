/// What `--help` prints for one command: usage, summary and examples first, then every part of the declaration.
public struct HelpText: Hashable, Sendable {
    /// Lines are wrapped to this many characters, except for words and examples that are longer.
    public static let width = 80
    /// Widest label that still has its help on the same line.
    private static let widestLabel = 26

    /// Plain text that ends with a newline.
    public let text: String

    /// Describes the command at the end of `path`.
    public init(for path: CommandPath) {
        let command = path.command
        var sections = [
            Self.usage(path),
            wrapped(command.summary, width: Self.width),
        ]
        sections += paragraphs(command.discussion).map { wrapped($0, width: Self.width) }
        sections += [
            Self.section("Examples:", command.examples.flatMap(Self.example)),
            Self.section("Commands:", Self.definitions(command.subcommands.map { ($0.name, $0.summary) })),
            Self.section("Arguments:", Self.definitions(command.positionals.map { ($0.usage, $0.fullHelp) })),
            Self.section("Options:", Self.definitions(path.options.map { (Self.label($0), $0.fullHelp) })),
        ]
        if !command.subcommands.isEmpty {
            sections.append(["See '\(path.title) COMMAND --help' for one command."])
        }
        let blocks = sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
        text = blocks.joined(separator: "\n\n") + "\n"
    }

    private static func usage(_ path: CommandPath) -> [String] {
        let prefix = "Usage: "
        return indented(wrapped(path.usage, width: width - prefix.count), first: prefix)
    }

    private static func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [title] + lines
    }

    private static func example(_ example: Command.Example) -> [String] {
        ["  \(example.commandLine)"] + wrapped(example.purpose, width: width - 6).map { "      \($0)" }
    }

    /// The option with room for a short name, so that long names line up: `-o, --output FORMAT`.
    private static func label(_ option: Option) -> String {
        (option.short.map { "-\($0), " } ?? "    ") + option.usage
    }

    /// Two columns: labels, then their wrapped help.
    private static func definitions(_ rows: [(label: String, help: String)]) -> [String] {
        let column = min(rows.map(\.label.count).max() ?? 0, widestLabel) + 4
        return rows.flatMap { label, help in
            let lines = wrapped(help, width: width - column)
            let first = padded("  \(label)", to: column)
            guard label.count + 4 <= column, !lines.isEmpty else {
                return ["  \(label)"] + lines.map { padded("", to: column) + $0 }
            }
            return indented(lines, first: first)
        }
    }

    /// Puts `first` before the first line and as many spaces before the others.
    private static func indented(_ lines: [String], first: String) -> [String] {
        lines.enumerated().map { index, line in (index == 0 ? first : padded("", to: first.count)) + line }
    }
}

/// `text` followed by spaces up to `width` characters.
public func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
