import BenchmarkSupport
import Model

/// The maps of a whole mesh, from nothing: the time, and the memory with the mesh itself.
struct CompileBenchmark {
    /// CPU time of the compilation, in milliseconds.
    var milliseconds: Double
    /// The most memory that the process used, in bytes.
    var peakMemoryByteCount: Int

    /// Measures in this process, which should not have done anything else.
    static func measure(_ sample: SampleMesh) throws -> CompileBenchmark {
        let mesh = sample.mesh
        let start = Clock.cpuNanoseconds
        var maps = MapStore(capacities: .large)
        var compiler = Compiler(node: SampleMesh.node, options: .hardened)
        var writes: [MapWrite] = []
        for change in Mesh().changes(to: mesh) {
            writes.removeAll(keepingCapacity: true)
            let refusal = compiler.compile(change, into: &writes)
            precondition(refusal == nil, "\(refusal.map(\.description) ?? "")")
            for write in writes { try maps.apply(write) }
        }
        let end = Clock.cpuNanoseconds
        precondition(maps.backend.count == sample.serviceCount * sample.endpointCount)
        return CompileBenchmark(
            milliseconds: Double(end - start) / 1e6, peakMemoryByteCount: ThisProcess.peakMemoryByteCount ?? 0)
    }

    /// What `init(line:)` reads.
    var line: String { "\(milliseconds) \(peakMemoryByteCount)" }

    /// Reads the line that another process printed.
    init?(line: String) {
        let parts = line.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let milliseconds = Double(parts[0]), let bytes = Int(parts[1]) else { return nil }
        self.init(milliseconds: milliseconds, peakMemoryByteCount: bytes)
    }

    private init(milliseconds: Double, peakMemoryByteCount: Int) {
        self.milliseconds = milliseconds
        self.peakMemoryByteCount = peakMemoryByteCount
    }
}
