import CommandLineTool

/// A command of the tool: declared, read from the command line, and run.
protocol ToolCommand {
    /// Arguments and help.
    static var declaration: Command { get }

    /// The command that this one is below; nil where it is below the tool itself.
    static var group: Command? { get }

    /// Takes what was asked for from the command line, and reads configuration files that it names.
    init(_ invocation: Invocation) throws

    /// Does it.
    func run(on console: inout Console) throws -> ExitCode
}

extension ToolCommand {
    static var group: Command? { nil }

    /// The words that are typed to reach it.
    static var path: [String] { [group?.name, declaration.name].compactMap(\.self) }
}
