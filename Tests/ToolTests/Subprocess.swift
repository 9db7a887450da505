import TestSupport

/// The directory of the package.
let packageDirectory = String(#filePath.dropLast("/Tests/ToolTests/Subprocess.swift".count))

/// Runs the executable and waits for it.
/// - Parameter isReaderGone: Whether nobody reads its standard output.
func kmeshSim(
    _ arguments: [String], input: String = "", directory: String = packageDirectory,
    environment: [String: String] = [:], isReaderGone: Bool = false
) throws -> Finished {
    try run(
        "kmesh-sim", arguments, input: input, directory: directory, environment: environment,
        isReaderGone: isReaderGone)
}
