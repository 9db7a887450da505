import CSocketCalls
import Glibc
import SocketDriverProtocol

/// A file in memory that a program reads or writes; its identity is the descriptor.
final class MemoryFile {
    let descriptor: CInt

    init(_ bytes: [UInt8] = []) throws(Failure) {
        descriptor = try checked(sc_memory_file())
        // In bounds: the buffer is the array's. Writing at a place leaves the file's own position at its start.
        let count = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        if count != bytes.count { throw Failure(ENOMEM) }
    }

    deinit { Glibc.close(descriptor) }

    /// All that was written so far.
    func contents() throws(Failure) -> [UInt8] {
        var status = stat()
        // The kernel fills the one struct.
        if unsafe fstat(descriptor, &status) != 0 { throw Failure(errno) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        // In bounds: the buffer's own count.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        if count < 0 { throw Failure(errno) }
        return Array(bytes.prefix(count))
    }
}

/// A program that the helper has started.
struct BackgroundProgram {
    private let process: CInt
    private let output: MemoryFile
    private let errors: MemoryFile
    /// As of waitpid, when it has ended.
    private var status: CInt?

    /// Starts it in the namespace of the calling thread, in a process group of its own.
    init(_ arguments: [String], input: [UInt8]) throws(Failure) {
        guard !arguments.isEmpty else { throw Failure(EINVAL) }
        let input = try MemoryFile(input)
        output = try MemoryFile()
        errors = try MemoryFile()
        // Copies that are freed below; the list ends with nil.
        let texts = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe texts.forEach { unsafe free($0) } }
        let files = (input.descriptor, output.descriptor, errors.descriptor)
        let process = unsafe texts.withUnsafeBufferPointer { texts in
            var program = unsafe sc_program(
                arguments: texts.baseAddress, input: files.0, output: files.1, errors: files.2, dies_with_parent: 1)
            return unsafe sc_spawn(&program)
        }
        withExtendedLifetime(input) {}
        self.process = try checked(process)
    }

    /// - Parameter milliseconds: -1 for ever.
    /// - Returns: Whether it has ended.
    mutating func wait(milliseconds: CInt) throws(Failure) -> Bool {
        if status != nil { return true }
        var status: CInt = 0
        // The C function fills one number.
        guard try checked(unsafe sc_wait_process(process, milliseconds, &status)) == 1 else { return false }
        self.status = status
        return true
    }

    /// Sends a signal to it and all that it has started.
    func signal(_ number: CInt) {
        if status == nil { _ = sc_kill_group(process, number) }
    }

    func outcome() throws(Failure) -> ProgramOutcome {
        var code: Int32 = 0
        if let status {
            let signal = status & 0x7f
            code = signal == 0 ? status >> 8 & 0xff : 128 + signal
        }
        return ProgramOutcome(
            isRunning: status == nil, code: code, output: try output.contents(), errors: try errors.contents())
    }
}
