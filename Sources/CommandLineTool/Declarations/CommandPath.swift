/// A command together with the commands that lead to it, the root first.
public struct CommandPath: Hashable, Sendable {
    /// Commands above `command`, outermost first.
    private let ancestors: [Command]
    /// The command the path leads to.
    public let command: Command

    private init(ancestors: [Command], command: Command) {
        self.ancestors = ancestors
        self.command = command
    }

    /// The path of the executable itself.
    public init(root: Command) {
        self.init(ancestors: [], command: root)
    }

    /// The path one level down, to a subcommand of `command`.
    public func entering(_ subcommand: Command) -> CommandPath {
        CommandPath(ancestors: ancestors + [command], command: subcommand)
    }

    /// Command names, that of the executable first.
    public var names: [String] { ancestors.map(\.name) + [command.name] }

    /// The names as typed: `kmesh-sim run`.
    public var title: String { names.joined(separator: " ") }

    /// Every accepted option: the command's own, then inherited ones from the inside out, then the built-in ones.
    public var options: [Option] {
        command.options + ancestors.reversed().flatMap(\.options) + Option.builtIn
    }

    /// The accepted option written as `spelling`, dashes included.
    public func option(spelled spelling: String) -> Option? {
        options.first { $0.spellings.contains(spelling) }
    }

    /// This path and every path below it, each before the paths below itself.
    public var tree: [CommandPath] {
        [self] + command.subcommands.flatMap { entering($0).tree }
    }

    /// What to type, as separate pieces: title, required options, then `[OPTIONS]` and the positionals.
    var usage: [String] {
        [title] + options.filter(\.isRequired).map(\.usage) + ["[OPTIONS]"]
            + (command.subcommands.isEmpty ? command.positionals.map(\.usage) : ["COMMAND"])
    }
}
