import Foundation
import Testing

/// The directory of the package.
let packageDirectory = String(#filePath.dropLast("/Tests/ToolTests/Subprocess.swift".count))

/// What a run of the built executable gave.
struct Finished: Hashable {
    var code: Int32
    var output: String
    var errors: String
}

/// The executable of the same build: it lies beside the test bundle.
private func executable() throws -> URL {
    let test = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    return test.deletingLastPathComponent().appendingPathComponent("kmesh-sim")
}

/// Runs the executable and waits for it.
/// - Parameter isReaderGone: Whether nobody reads its standard output.
func kmeshSim(
    _ arguments: [String], input: String = "", directory: String = packageDirectory,
    environment: [String: String] = [:], isReaderGone: Bool = false
) throws -> Finished {
    let process = Process()
    process.executableURL = try executable()
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    if isReaderGone { try stdout.fileHandleForReading.close() }
    try process.run()
    // Inputs of tests fit into the pipe.
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    // Messages are short, so the other pipe does not fill up meanwhile.
    let output = isReaderGone ? Data() : try stdout.fileHandleForReading.readToEnd() ?? Data()
    let errors = try stderr.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Finished(
        code: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
        errors: String(decoding: errors, as: UTF8.self))
}

/// A directory of its own, removed with the value.
final class ScratchDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    /// Writes a file and gives its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
