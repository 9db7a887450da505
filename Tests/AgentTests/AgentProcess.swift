import CSocketCalls
import Foundation
import Glibc
import TestSupport

/// What a test waited for and did not get.
struct Missing: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A `kmesh-live agent` that runs. It is killed with the value.
struct AgentProcess: ~Copyable {
    let id: CInt
    /// Files with standard error and standard output.
    let logFile: String
    let outputFile: String
    /// How it ended: the exit code, or 128 + the number of the signal; nil while it runs.
    private(set) var code: CInt?

    /// Starts an executable of this build.
    /// - Parameter files: Where its output goes: two files whose names begin like this.
    init(_ arguments: [String], files: String) throws {
        let (logFile, outputFile) = (files + ".log", files + ".out")
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("kmesh-live").path
        // The paths are read up to their ends, which Swift provides.
        let log = unsafe open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let output = unsafe open(outputFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let input = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { for descriptor in [log, output, input] { close(descriptor) } }
        // The copies are freed; the list ends with nil.
        let words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        let id = unsafe words.withUnsafeBufferPointer { words in
            var description = unsafe sc_program(
                arguments: words.baseAddress, input: input, output: output, errors: log, dies_with_parent: 1)
            return unsafe sc_spawn(&description)
        }
        guard id > 0 else { throw Missing("kmesh-live cannot be started: error \(-id)") }
        self.id = id
        self.logFile = logFile
        self.outputFile = outputFile
    }

    deinit {
        guard code == nil else { return }
        kill(id, SIGKILL)
        var status: CInt = 0
        // The C function fills one number.
        _ = unsafe sc_wait_process(id, -1, &status)
    }

    /// What it wrote to standard error.
    var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    func send(_ signal: CInt) { kill(id, signal) }

    /// Waits for its end.
    /// - Returns: nil when it still runs after the time.
    @discardableResult
    mutating func wait(milliseconds: CInt = 10_000) -> CInt? {
        if let code { return code }
        var status: CInt = 0
        // The C function fills one number.
        guard unsafe sc_wait_process(id, milliseconds, &status) == 1 else { return nil }
        // As WIFEXITED and WEXITSTATUS of wait(2) do.
        code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        return code
    }

    /// Sends a signal and waits for the end.
    @discardableResult
    mutating func end(_ signal: CInt = SIGKILL) -> CInt? {
        if code == nil { send(signal) }
        return wait()
    }

    /// Waits until the log has the text so many times, or the process ends.
    mutating func waitForLog(_ text: String, count: Int = 1) throws {
        let file = logFile
        try poll("\"\(text)\" in the log") {
            // A file that is not there yet is empty.
            let log = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            return log.components(separatedBy: text).count > count
        }
    }

    /// Waits until something is so, or the process ends.
    mutating func poll(_ what: String, until isSo: () throws -> Bool) throws {
        for _ in 0..<5000 {
            if try isSo() { return }
            if wait(milliseconds: 2) != nil {
                if try isSo() { return }
                break
            }
        }
        throw Missing("\(what) did not come; \(code.map { "the agent ended with \($0)" } ?? "it runs"); log:\n\(log)")
    }
}

/// Waits until something is so, ten seconds at most.
func eventually(_ what: @autoclosure () -> String, _ isSo: () throws -> Bool) throws {
    for _ in 0..<5000 {
        if try isSo() { return }
        usleep(2000)
    }
    throw Missing("\(what()) did not come")
}
