import CommandLineTool
import Inputs
import Live

/// The executable: its commands, and the way from arguments to an exit code.
enum Tool {
    /// Of the tool as a whole.
    static let version = "0.1.0"

    /// Every command but those about the tool itself, in the order of help.
    static var commands: [any ToolCommand.Type] {
        [
            AgentCommand.self, DetachCommand.self, StatusCommand.self, DumpCommand.self, ManageCommand.self,
            ReleaseCommand.self, AuthzCommand.self, EncryptionStatusCommand.self,
            KeyNewCommand.self, KeyRotateCommand.self, KeyShowCommand.self, EventsCommand.self, DoctorCommand.self,
        ]
    }

    /// Runs what the arguments ask for and reports what went wrong.
    /// - Parameter arguments: The first is the executable's name.
    static func run(_ arguments: [String]) -> ExitCode {
        Output.reportBrokenPipes()
        var console = Console()
        do {
            let code = try perform(arguments, on: &console)
            try console.finish()
            return code
        } catch let error as OutputError {
            if error.isBrokenPipe { Output.endByBrokenPipe() }
            return console.end(with: .failed, saying: error.description)
        } catch {
            return console.end(with: code(of: error), saying: "\(error)")
        }
    }

    /// How the tool ends after an error.
    static func code(of error: any Error) -> ExitCode {
        switch error {
        case is UsageError: .usage
        case is InputError: .badInput
        case let error as KernelError where error.isMissingPrivilege: .privilege
        case let error as LoadError where error.isMissingPrivilege: .privilege
        case let error as AgentError where error.isMissingPrivilege: .privilege
        case let error as AgentError where error.isBadInput: .badInput
        default: .failed
        }
    }

    private static func perform(_ arguments: [String], on console: inout Console) throws -> ExitCode {
        switch try declaration.parse(Array(arguments.dropFirst())) {
        case .help(let path):
            try console.write(HelpText(for: path).text)
            return .ok
        case .version:
            try console.write("\(declaration.name) \(version)\n")
            return .ok
        case .run(let invocation):
            return try perform(invocation, on: &console)
        }
    }

    private static func perform(_ invocation: Invocation, on console: inout Console) throws -> ExitCode {
        guard let command = commands.first(where: { $0.path == invocation.commandNames }) else {
            try console.write(declaration.document(for: invocation, version: version) ?? "")
            return .ok
        }
        return try command.init(invocation).run(on: &console)
    }
}
