import Foundation
import TestSupport

/// The directory of the package.
let packageDirectory = String(#filePath.dropLast("/Tests/ToolTests/Subprocess.swift".count))

/// Runs the executable and waits for it.
/// - Parameters:
///   - bytes: What it gets on standard input instead of the text.
///   - isReaderGone: Whether nobody reads its standard output.
func kmeshSim(
    _ arguments: [String], input: String = "", bytes: Data? = nil, directory: String = packageDirectory,
    environment: [String: String] = [:], isReaderGone: Bool = false
) throws -> Finished {
    try run(
        "kmesh-sim", arguments, input: input, bytes: bytes, directory: directory, environment: environment,
        isReaderGone: isReaderGone)
}
