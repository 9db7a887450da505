import Captures
import CommandLineTool
import Inputs

/// The executable: its declaration, and the way from arguments to an exit code.
enum Tool {
    /// Of the tool as a whole.
    static let version = "0.1.0"

    /// Runs what the arguments ask for and reports what went wrong.
    /// - Parameter arguments: The first is the executable's name.
    static func run(_ arguments: [String]) -> ExitCode {
        Output.reportBrokenPipes()
        var console = Console()
        let code: ExitCode
        do {
            code = try perform(arguments, on: &console)
            try console.finish()
            return code
        } catch let error as UsageError {
            return console.end(with: .usage, saying: error.description)
        } catch let error as InputError {
            return console.end(with: .badInput, saying: error.description)
        } catch let error as FilterError {
            // A pcapng file may come late to a link type that the expression does not fit.
            return console.end(with: .usage, saying: "\(declaration.name): --filter: \(error)")
        } catch let error as OutputError {
            if error.isBrokenPipe { Output.endByBrokenPipe() }
            return console.end(with: .failed, saying: error.description)
        } catch {
            return console.end(with: .failed, saying: "\(error)")
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
        switch invocation.commandNames.first {
        case "run": return try RunCommand(invocation).run(on: &console)
        case "connect": return try ConnectCommand(invocation).run(on: &console)
        case "maps": return try MapsCommand(invocation).run(on: &console)
        case "check": return try CheckCommand(invocation).run(on: &console)
        case "diff": return try DiffCommand(invocation).run(on: &console)
        case "authz": return try AuthzCommand(invocation).run(on: &console)
        case "decrypt": return try DecryptCommand(invocation).run(on: &console)
        case "rotation": return try RotationCommand(invocation).run(on: &console)
        case "replay": return try ReplayCommand(invocation).run(on: &console)
        case "conform": return try ConformCommand(invocation).run(on: &console)
        default:
            try console.write(declaration.document(for: invocation, version: version) ?? "")
            return .ok
        }
    }
}
