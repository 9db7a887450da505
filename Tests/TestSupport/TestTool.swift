public import Foundation

/// Tools that tests compare with. Tests of them are left out, and say so, where they are not installed; with
/// REQUIRE_ALL_TESTS set they run all the same, and fail.
public enum TestTool: String, Sendable {
    case tshark, tcpdump, zstd, gzip

    private var path: String { "/usr/bin/\(rawValue)" }

    /// Whether tests that use the tool are to run.
    public var isWanted: Bool {
        FileManager.default.isExecutableFile(atPath: path)
            || ProcessInfo.processInfo.environment["REQUIRE_ALL_TESTS"] != nil
    }

    /// Runs the tool, without input, and waits for it.
    public func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (code: Int32, output: Data, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (stdout, stderr) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = stdout
        process.standardError = stderr
        try process.run()
        // Messages are short, so the other pipe does not fill up meanwhile.
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        let errors = try stderr.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, output, String(decoding: errors, as: UTF8.self))
    }
}
