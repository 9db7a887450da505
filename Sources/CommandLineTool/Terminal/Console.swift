/// Where a command writes: results to standard output, messages and progress to standard error.
public struct Console: ~Copyable {
    private var output = Output(.output)
    private var errors = Output(.error)
    private let showsProgress = StandardStream.error.isTerminal
    /// For results.
    public let style = Style(for: .output)

    /// Nothing is written yet.
    public init() {}

    /// Adds to the results.
    public mutating func write(_ text: String) throws(OutputError) { try output.write(text) }

    /// Adds a document to the results.
    public mutating func write(_ document: JSONValue) throws(OutputError) { try output.writeLine(document.pretty) }

    /// Writes results that are still held back.
    public mutating func finish() throws(OutputError) { try output.flush() }

    /// Tells something that is no result.
    public mutating func say(_ message: String) {
        // Nobody is left to tell that messages cannot be written.
        try? errors.writeLine(message)
        try? errors.flush()
    }

    /// Writes the results so far, then a message, and gives the code back.
    public mutating func end(with code: ExitCode, saying message: String?) -> ExitCode {
        if message != nil { try? output.flush() }
        if let message { say(message) }
        return code
    }

    /// Shows on a terminal how much of large sources is read while `read` runs.
    public mutating func withProgress<Result>(
        _ read: (_ progress: (_ file: String, _ fraction: Double?) -> Void) throws -> Result
    ) rethrows -> Result {
        var line = ProgressLine("Reading", isActive: showsProgress)
        var errors = Output(.error)
        defer { line.remove(from: &errors) }
        return try read { _, fraction in
            // A small file is read at once: it has no fraction between.
            guard let fraction, fraction > 0, fraction < 1 else { return }
            line.update(done: Int(fraction * 1000), of: 1000, on: &errors)
        }
    }

    /// A line of progress that the next two change, for work between which results are written.
    public func progressLine(_ title: String) -> ProgressLine { ProgressLine(title, isActive: showsProgress) }

    /// Shows how much is done.
    public mutating func update(_ line: inout ProgressLine, done: Int, of total: Int) {
        line.update(done: done, of: total, on: &errors)
    }

    /// Takes the line away.
    public mutating func remove(_ line: inout ProgressLine) { line.remove(from: &errors) }
}
