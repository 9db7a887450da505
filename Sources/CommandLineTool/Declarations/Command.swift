/// One command of a command line tool, declared once: parsing, help, completion and the manual page all read it.
public struct Command: Hashable, Sendable {
    /// A command line worth copying.
    public struct Example: Hashable, Sendable {
        /// The whole line, starting with the executable's name.
        public let commandLine: String
        /// What the line does, as a sentence.
        public let purpose: String

        /// Pairs a line with its purpose.
        public init(_ commandLine: String, _ purpose: String) {
            self.commandLine = commandLine
            self.purpose = purpose
        }
    }

    /// The word typed to reach the command; for the root, the name of the executable.
    public let name: String
    /// One line for lists of commands, as a sentence.
    public let summary: String
    /// Paragraphs separated by empty lines, wrapped when shown; may be empty.
    public let discussion: String
    /// Shown in this order, before the options.
    public let examples: [Example]
    /// Arguments without a name, in order; empty if there are subcommands.
    public let positionals: [Positional]
    /// Accepted by this command and by every command below it.
    public let options: [Option]
    /// Exactly one of them must be named, unless there are none.
    public let subcommands: [Command]

    /// Declares a command.
    ///
    /// Traps on a declaration that could not be parsed: both positionals and subcommands, a name used twice
    /// between the root and a leaf, or a positional of open count before another one.
    public init(
        _ name: String, summary: String, discussion: String = "", examples: [Example] = [],
        positionals: [Positional] = [], options: [Option] = [], subcommands: [Command] = []
    ) {
        precondition(isPlainWord(name), "not a command name: \(name)")
        precondition(positionals.isEmpty || subcommands.isEmpty, "\(name): both positionals and subcommands")
        precondition(
            positionals.dropLast().allSatisfy { $0.minimum == $0.maximum },
            "\(name): only the last positional may vary in count")
        precondition(Set(subcommands.map(\.name)).count == subcommands.count, "\(name): a subcommand declared twice")
        let own = (options + Option.builtIn).flatMap(\.spellings)
        precondition(Set(own).count == own.count, "\(name): an option declared twice")
        let inner = subcommands.flatMap(\.declaredSpellings)
        precondition(Set(own).isDisjoint(with: inner), "\(name): a subcommand declares an inherited option again")
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.examples = examples
        self.positionals = positionals
        self.options = options
        self.subcommands = subcommands
    }

    /// Spellings of the options declared here and below, without the built-in ones.
    private var declaredSpellings: [String] {
        options.flatMap(\.spellings) + subcommands.flatMap(\.declaredSpellings)
    }
}

/// Whether `text` needs no quoting in any shell: ASCII letters, digits, `-`, `_`, `.`, `+`, at least one.
func isPlainWord(_ text: String) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.+".contains($0)) }
}
