import BenchmarkSupport
import CommandLineTool

/// The benchmarks by name, at the sizes for which there are targets.
enum Suite: String, CaseIterable {
    // First what starts a process whose memory is measured: it begins with this one's peak.
    case manifest, connect, compile, change, authorization, esp, replay, start

    static let large = SampleMesh(serviceCount: 5000, endpointCount: 20)

    func figures(rounds: Int) throws -> [Figure] {
        switch self {
        case .connect: try Self.connect(rounds)
        case .compile: try Self.compile(rounds)
        case .change: try Self.change(rounds)
        case .authorization: try Self.authorization(rounds)
        case .esp: try Self.esp(rounds)
        case .replay: try Self.replay(rounds)
        case .start: try Self.start(rounds)
        case .manifest: try Self.manifest()
        }
    }

    private static func connect(_ rounds: Int) throws -> [Figure] {
        var benchmark = try ConnectBenchmark(large)
        let times = benchmark.run(rounds: rounds, count: 1_000_000)
        let ratios = zip(times.plain, times.peer).map { $0 / $1 }
        let tracedRatios = zip(times.traced, times.plain).map { $0 / $1 }
        return [
            Figure(
                name: "connect, no trace", value: times.plain.median, unit: "ns", target: 150,
                ratio: ("C", ratios.median, 1.5)),
            Figure(name: "connect, C", value: times.peer.median, unit: "ns"),
            Figure(
                name: "connect, full trace", value: times.traced.median, unit: "ns", target: 1500,
                ratio: ("no trace", tracedRatios.median, nil)),
        ]
    }

    /// In processes of their own, so that memory is that of the compilation alone.
    private static func compile(_ rounds: Int) throws -> [Figure] {
        let runs = try (0..<min(rounds, 3)).map { _ in
            guard let child = ChildProcess(ThisProcess.path, ["--measure-compile"]), child.isSuccess,
                let run = CompileBenchmark(line: child.output)
            else { throw BenchmarkError(message: "the compilation's process failed") }
            return run
        }
        return [
            Figure(
                name: "compile and apply the mesh", value: runs.map(\.milliseconds).median, unit: "ms", target: 1000),
            Figure(
                name: "the same, peak memory", value: runs.map { Double($0.peakMemoryByteCount) / 1e6 }.median,
                unit: "MB", target: 200),
        ]
    }

    private static func change(_ rounds: Int) throws -> [Figure] {
        let sizes = [50, 500, 5000]
        var times: [[ChangeBenchmark.Kind: Double]] = []
        var mostWrites = 0
        for size in sizes {
            var benchmark = try ChangeBenchmark(SampleMesh(serviceCount: size, endpointCount: 20))
            times.append(try benchmark.run(rounds: rounds * 10, count: 50))
            mostWrites = max(mostWrites, benchmark.mostWrites)
        }
        var figures: [Figure] = []
        for kind in ChangeBenchmark.Kind.allCases {
            // Flat but for caches: a small mesh fits in them.
            let small = times[0][kind] ?? 0
            for (size, times) in zip(sizes, times) {
                let time = times[kind] ?? 0
                let ratio: (String, Double, Double?)? = size == sizes[0] ? nil : ("at \(sizes[0])", time / small, 3)
                figures.append(
                    Figure(
                        name: "endpoint \(kind.rawValue), \(size) services", value: time, unit: "µs", target: 50,
                        ratio: ratio))
            }
        }
        figures.append(Figure(name: "most map writes a change", value: Double(mostWrites), unit: "", target: 5))
        return figures
    }

    private static func authorization(_ rounds: Int) throws -> [Figure] {
        var benchmark = AuthorizationBenchmark()
        let compile = try (0..<rounds).map { _ in try benchmark.compile() }
        let change = try (0..<rounds).map { try benchmark.change($0) }
        let verdict = (0..<rounds).map { _ in benchmark.verdict(count: 1_000_000) }
        return [
            Figure(
                name: "1,000 policies for 10,000 workloads", value: compile.median, unit: "ms", target: 1000),
            Figure(name: "one policy changed", value: change.median, unit: "ms", target: 20),
            Figure(name: "verdict, no explanation", value: verdict.median, unit: "ns", target: 100),
        ]
    }

    private static func manifest() throws -> [Figure] {
        let run = try ManifestBenchmark.measure()
        return [
            Figure(name: "a manifest of 100 MB, CPU", value: run.seconds * 1000, unit: "ms"),
            Figure(
                name: "the same, peak memory", value: Double(run.peakMemoryByteCount) / 1e6, unit: "MB", target: 150),
        ]
    }

    private static func start(_ rounds: Int) throws -> [Figure] {
        let program = ThisProcess.sibling("kmesh-sim")
        let forms = [["run", "scenarios/books.yaml", "--quiet"], ["scenarios/books.yaml"]]
        let works = forms.first { ChildProcess(program, $0)?.isSuccess ?? false }
        guard let arguments = works else {
            throw BenchmarkError(message: "kmesh-sim does not run scenarios/books.yaml (build it; start in the root)")
        }
        let runs = (0..<rounds * 3).compactMap { _ in ChildProcess(program, arguments) }
        return [
            Figure(
                name: "kmesh-sim run, CPU", value: runs.map { Double($0.cpuNanoseconds) / 1e6 }.median, unit: "ms",
                target: 30),
            Figure(
                name: "kmesh-sim run, wall", value: runs.map { Double($0.wallNanoseconds) / 1e6 }.median, unit: "ms",
                target: 30),
        ]
    }
}

/// Why a measurement could not be made.
struct BenchmarkError: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}
