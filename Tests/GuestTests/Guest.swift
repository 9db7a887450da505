import Foundation
import TestSupport

/// The machine with a stock Debian kernel, booted once for all tests. KERNEL names another kernel than 6.1.
enum Guest {
    static let kernel = ProcessInfo.processInfo.environment["KERNEL"] ?? "6.1"

    /// Whether its tests are to run: they are left out, and say so, where it cannot be had; with REQUIRE_ALL_TESTS set
    /// they run all the same, and fail.
    static let isWanted = absence == nil || ProcessInfo.processInfo.environment["REQUIRE_ALL_TESTS"] != nil

    /// Why it cannot be had; nil where it can.
    static let absence: String? = {
        do {
            let done = try script(["--kernel", kernel, "--prepare"])
            return done.code == 0 ? nil : done.errors
        } catch {
            return "\(error)"
        }
    }()

    /// The directory of the results of the one run.
    static func results() throws -> String { try run.get() }

    private static let run = Result {
        let results = "\(directory)/.build/guest/results-\(kernel)"
        try? FileManager.default.removeItem(atPath: results)
        let own = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let node = own.deletingLastPathComponent().appendingPathComponent("guest-node").path
        let done = try script([
            "--kernel", kernel, "--timeout", "900", "--results", results,
            "sh", "-c", "exec \(node) \"$GUEST_RESULTS\"",
        ])
        print(done.output)
        // A run that ended early shows what it did; one that did nothing shows no end.
        guard done.code == 0, FileManager.default.fileExists(atPath: "\(results)/complete") else {
            throw GuestError("the guest ended with \(done.code):\n\(done.output)\n\(done.errors)")
        }
        return results
    }

    /// Of the package.
    private static let directory = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func script(_ arguments: [String]) throws -> Finished {
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Scripts/guest"
        )
        process.arguments = arguments
        let (stdout, stderr) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = stdout
        process.standardError = stderr
        try process.run()
        // Messages are short, so the other pipe does not fill up meanwhile.
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        let errors = try stderr.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Finished(
            code: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self))
    }
}

struct GuestError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
