import TestSupport

/// The directory of the package.
let packageDirectory = String(#filePath.dropLast("/Tests/LiveToolTests/Subprocess.swift".count))

/// Runs the executable and waits for it.
func kmeshLive(_ arguments: [String], input: String = "") throws -> Finished {
    try run("kmesh-live", arguments, input: input, directory: packageDirectory)
}
