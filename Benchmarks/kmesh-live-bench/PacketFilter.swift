import BenchmarkSupport
import CSocketCalls
import Glibc
import Model

/// The peer that everybody knows: destination NAT by iptables.
enum PacketFilter {
    /// Adds one rule for each service to the process's network namespace: its virtual IP becomes its first backend.
    static func addRules(_ sample: SampleMesh) throws {
        var text = "*nat\n"
        for service in 0..<sample.serviceCount {
            let backend = sample.workload(0, of: service).addresses[0]
            text += "-A OUTPUT -d \(sample.virtualIP(service))/32 -p tcp --dport 80 -j DNAT "
            text += "--to-destination \(backend):\(LoopNetwork.backendPort)\n"
        }
        try run(["iptables-restore"], input: Array("\(text)COMMIT\n".utf8))
    }

    private static func run(_ words: [String], input: [UInt8]) throws {
        let file = try result("make a file in memory", sc_memory_file())
        defer { close(file) }
        var done = 0
        while done < input.count {
            // In bounds: what is left of the array.
            let count = unsafe input[done...].withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw BenchmarkError("write to a file in memory", errno) }
            done += count
        }
        lseek(file, 0, SEEK_SET)
        // The copies are freed; the list ends with nil.
        let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        let child = try unsafe arguments.withUnsafeBufferPointer { arguments in
            var program = unsafe sc_program(
                arguments: arguments.baseAddress, input: file, output: STDERR_FILENO, errors: STDERR_FILENO,
                dies_with_parent: 1)
            return try result("start \(words[0])", unsafe sc_spawn(&program))
        }
        var status: CInt = 0
        // The C function fills one number.
        try result("wait for \(words[0])", unsafe sc_wait_process(child, -1, &status))
        guard status == 0 else { throw BenchmarkError("\(words[0]) failed") }
    }
}
