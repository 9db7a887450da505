import Glibc
import Testing

@testable import CommandLineTool

/// Both ends of a pipe, closed with the value.
private struct Pipe: ~Copyable {
    private(set) var readEnd: Int32
    let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        // In bounds: pipe(2) stores two descriptors.
        try #require(unsafe pipe(&ends) == 0)
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    mutating func closeReadEnd() {
        close(readEnd)
        readEnd = -1
    }

    /// What one read(2) returns, at most 256 bytes.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        // In bounds: the count is that of the array.
        let count = unsafe Glibc.read(readEnd, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    deinit {
        if readEnd >= 0 { close(readEnd) }
        close(writeEnd)
    }
}

@Test func outputArrivesWhenFlushed() throws {
    let pipe = try Pipe()
    var output = Output(descriptor: pipe.writeEnd, object: "pipe")
    try output.write("a ")
    try output.writeLine("b")
    try output.flush()
    try output.flush()
    #expect(pipe.read() == "a b\n")
}

@Test func aClosedPipeIsAnErrorWithItsName() throws {
    Output.reportBrokenPipes()
    var pipe = try Pipe()
    pipe.closeReadEnd()
    var output = Output(descriptor: pipe.writeEnd, object: "pipe")
    try output.write("lost")
    do throws(OutputError) {
        try output.flush()
        Issue.record("written to a closed pipe")
    } catch {
        #expect(error.isBrokenPipe)
        #expect(error.description == "cannot write to pipe: Broken pipe")
    }
    try output.flush()
}

@Test func progressIsWrittenOncePerPercentAndRemoved() throws {
    let pipe = try Pipe()
    var errors = Output(descriptor: pipe.writeEnd, object: "pipe")
    var progress = ProgressLine("Seeds", isActive: true)
    progress.remove(from: &errors)
    for done in [0, 1, 9, 10, 1000, 2000] { progress.update(done: done, of: 1000, on: &errors) }
    progress.remove(from: &errors)
    let clear = "\r\u{1B}[K"
    #expect(pipe.read() == "\(clear)Seeds 0%\(clear)Seeds 1%\(clear)Seeds 100%\(clear)")
}

@Test func inactiveProgressWritesNothing() throws {
    let pipe = try Pipe()
    var errors = Output(descriptor: pipe.writeEnd, object: "pipe")
    var progress = ProgressLine("Seeds", isActive: false)
    progress.update(done: 1, of: 2, on: &errors)
    progress.remove(from: &errors)
    try errors.writeLine("end")
    try errors.flush()
    #expect(pipe.read() == "end\n")
}
