import CSocketCalls
import Glibc

/// A program that was started in the namespace of the thread. It is killed with the value.
final class Program {
    let name: String
    let id: CInt
    private let output: CInt
    /// As of waitpid, when it has ended.
    private var status: CInt?

    init(_ arguments: [String], input text: String = "") throws(Failure) {
        name = arguments.joined(separator: " ")
        output = try checked(sc_memory_file(), name)
        let input = try checked(sc_memory_file(), name)
        defer { close(input) }
        // In bounds: the text's own count. Writing at a place leaves the file's own position at its start.
        _ = unsafe pwrite(input, text, text.utf8.count, 0)
        // Copies that are freed below; the list ends with nil.
        let texts = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe texts.forEach { unsafe free($0) } }
        let output = output
        id = try checked(
            unsafe texts.withUnsafeBufferPointer { texts in
                var program = unsafe sc_program(
                    arguments: texts.baseAddress, input: input, output: output, errors: output, dies_with_parent: 1)
                return unsafe sc_spawn(&program)
            }, name)
    }

    deinit {
        kill()
        close(output)
    }

    /// All that it wrote so far, to standard output and standard error.
    var text: String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        // In bounds: the buffer's own count.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(output, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    var hasEnded: Bool { wait(milliseconds: 0) }

    /// The exit code, or 128 and the signal's number.
    var code: Int? { status.map { Int($0 & 0x7f == 0 ? $0 >> 8 & 0xff : 128 + $0 & 0x7f) } }

    @discardableResult
    func wait(milliseconds: CInt) -> Bool {
        if status != nil { return true }
        var status: CInt = 0
        // The C function fills one number.
        guard unsafe sc_wait_process(id, milliseconds, &status) == 1 else { return false }
        self.status = status
        return true
    }

    func kill(_ signal: CInt = SIGKILL) {
        guard status == nil else { return }
        _ = sc_kill_group(id, signal)
        if signal == SIGKILL { wait(milliseconds: -1) }
    }
}

/// Runs a program to its end in the namespace of the thread.
/// - Returns: its code and what it wrote.
func runToEnd(_ arguments: [String], input: String = "", seconds: CInt = 300) throws -> (code: Int, text: String) {
    let program = try Program(arguments, input: input)
    guard program.wait(milliseconds: seconds * 1000) else {
        throw Failure("\(program.name) does not end:\n\(program.text)")
    }
    return (program.code ?? 0, program.text)
}

/// Runs a program that must succeed.
@discardableResult
func run(_ arguments: String..., input: String = "") throws -> String {
    let done = try runToEnd(arguments, input: input)
    guard done.code == 0 else { throw Failure("\(arguments) ended with \(done.code):\n\(done.text)") }
    return done.text
}
