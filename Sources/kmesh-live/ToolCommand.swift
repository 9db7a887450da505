import CommandLineTool

/// A command of the tool: declared, read from the command line, and run.
protocol ToolCommand {
    /// Arguments and help.
    static var declaration: Command { get }

    /// Takes what was asked for from the command line, and reads configuration files that it names.
    init(_ invocation: Invocation) throws

    /// Does it.
    func run(on console: inout Console) throws -> ExitCode
}
