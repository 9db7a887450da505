public import Foundation

/// What a run of a built executable gave.
public struct Finished: Hashable, Sendable {
    public var code: Int32
    public var output: String
    public var errors: String

    public init(code: Int32, output: String, errors: String) {
        self.code = code
        self.output = output
        self.errors = errors
    }
}

/// An executable of the same build: it lies beside the test bundle.
private func executable(named name: String) throws -> URL {
    let test = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    return test.deletingLastPathComponent().appendingPathComponent(name)
}

/// Runs an executable of this package and waits for it.
/// - Parameters:
///   - bytes: What it gets on standard input instead of the text.
///   - isReaderGone: Whether nobody reads its standard output.
public func run(
    _ name: String, _ arguments: [String], input: String = "", bytes: Data? = nil, directory: String,
    environment: [String: String] = [:], isReaderGone: Bool = false
) throws -> Finished {
    let process = Process()
    process.executableURL = try executable(named: name)
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
    try stdin.fileHandleForWriting.write(contentsOf: bytes ?? Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    // Messages are short, so the other pipe does not fill up meanwhile.
    let output = isReaderGone ? Data() : try stdout.fileHandleForReading.readToEnd() ?? Data()
    let errors = try stderr.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Finished(
        code: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
        errors: String(decoding: errors, as: UTF8.self))
}
