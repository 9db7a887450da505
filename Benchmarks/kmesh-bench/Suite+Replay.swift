import BenchmarkSupport

extension Suite {
    /// Connections of the two captures, and the targets of their packets in nanoseconds.
    private static let sizes = [(flows: 1_000, target: 60.0), (flows: 100_000, target: 120.0)]
    private static let packetCount = 1_000_000
    /// Makes a capture of two gigabytes.
    private static let largePacketCount = 3_800_000

    static func replay(_ rounds: Int) throws -> [Figure] {
        var figures: [Figure] = []
        for size in sizes {
            let capture = try ReplayCapture(flowCount: size.flows, dataPacketCount: packetCount)
            defer { capture.remove() }
            let times = try ReplayBenchmark(capture).run(rounds: rounds)
            let name = "\(size.flows) flows"
            let ratios = zip(times.established, times.reference).map { $0 / $1 }
            figures.append(
                Figure(
                    name: "replay, \(name), a packet", value: times.established.median, unit: "ns",
                    target: size.target, ratio: ("C", ratios.median, nil)))
            figures.append(Figure(name: "C loop, \(name)", value: times.reference.median, unit: "ns"))
            if !times.tcpdump.isEmpty {
                let ratios = zip(times.tcpdump, times.established).map { $0 / $1 }
                figures.append(
                    Figure(
                        name: "tcpdump -r -w /dev/null, \(name)", value: times.tcpdump.median, unit: "ns",
                        ratio: ("replay", ratios.median, nil)))
            }
            figures.append(
                Figure(name: "replay, \(name), a new connection", value: times.opening.median, unit: "ns"))
        }
        return figures + (try replayMemory())
    }

    /// In a process of its own, so that memory is that of the replay alone.
    private static func replayMemory() throws -> [Figure] {
        let flowCount = 100_000
        let capture = try ReplayCapture(flowCount: flowCount, dataPacketCount: largePacketCount)
        defer { capture.remove() }
        guard
            let child = ChildProcess(ThisProcess.path, ["--measure-replay", capture.path, "--flows", "\(flowCount)"]),
            child.isSuccess, let memory = ReplayMemory(line: child.output)
        else { throw BenchmarkError(message: "the replay's process failed") }
        return [
            Figure(
                name: "replay of 2 GB, peak anonymous memory", value: Double(memory.peakByteCount) / 1e6, unit: "MB",
                target: 200),
            Figure(name: "memory of a live flow", value: memory.bytesPerFlow, unit: "bytes", target: 160),
        ]
    }
}
