import BenchmarkSupport
import KernelTestSupport
import Model

/// The benchmarks by name, at the sizes for which there are targets.
enum LiveSuite: String, CaseIterable {
    case fill, agent, ingress, marking, encryption, connect

    static let large = SampleMesh(serviceCount: 5000, endpointCount: 20)
    private static let backends: UInt32 = 0x0a80_0000
    private static let virtualIPs: UInt32 = 0x0a60_000a

    func figures(rounds: Int) throws -> [Figure] {
        switch self {
        case .fill: try FillBenchmark.figures(Self.large, rounds: rounds)
        case .agent: try AgentBenchmark.figures(Self.large, rounds: rounds)
        case .ingress: try IngressBenchmark.figures(rounds: rounds)
        case .marking: try MarkingBenchmark.figures(rounds: rounds)
        case .encryption: try EncryptionSetup.figures(rounds: rounds)
        case .connect: try Self.connect(rounds)
        }
    }

    private static func connect(_ rounds: Int) throws -> [Figure] {
        let outside = try TestCgroup()
        let networks = try Networks(large)
        let spread = large.serviceCount * large.endpointCount
        let port = LoopNetwork.backendPort
        func plain(_ name: String, count: Int) -> ConnectWay {
            ConnectWay(name: name, cgroup: outside.directory, first: backends, count: count, port: port)
        }
        let baseline = plain("no BPF, one destination", count: 1)
        var figures: [Figure] = []
        // One mesh at a time: two would push each other out of the caches.
        for options in [DataplaneOptions.hardened, .upstream] {
            let name = options.capacities == .upstream ? "upstream" : "hardened"
            let mesh = try LoadedMesh(options)
            try mesh.start(large, options, managing: [networks.plain.cookie])
            let reports = try mesh.reports()
            let cgroup = mesh.cgroup.directory
            let services = ConnectWay(
                name: "\(name), 5,000 × 20", cgroup: cgroup, first: virtualIPs, count: large.serviceCount, port: 80,
                target: name == "hardened" ? 1.12 : nil, spread: 1)
            let stranger = ConnectWay(
                name: "\(name), not a frontend", cgroup: cgroup, first: 0x0b00_0000, count: 1, port: port)
            let ways = [baseline, plain("no BPF, 100,000 destinations", count: spread), services, stranger]
            let measured = try ConnectBenchmark(ways: ways, afterTurn: { try reports.consume() }).figures(
                rounds, networks)
            figures += name == "hardened" ? measured : Array(measured[4...])
        }
        do {
            let mesh = try LoadedMesh(.hardened)
            try mesh.start(
                SampleMesh(serviceCount: 1, endpointCount: 1), .hardened, managing: [networks.plain.cookie])
            let reports = try mesh.reports()
            let service = ConnectWay(
                name: "hardened, 1 × 1", cgroup: mesh.cgroup.directory, first: virtualIPs, count: 1, port: 80)
            figures += try ConnectBenchmark(ways: [baseline, service], afterTurn: { try reports.consume() })
                .figures(rounds, networks)[2...]
        }
        let one = ConnectWay(
            name: "iptables, 1 rule", cgroup: outside.directory, network: .oneRule, first: virtualIPs, count: 1,
            port: 80)
        let many = ConnectWay(
            name: "iptables, 5,000 rules", cgroup: outside.directory, network: .manyRules, first: virtualIPs,
            count: large.serviceCount, port: 80)
        figures += try ConnectBenchmark(ways: [baseline, one, many]).figures(rounds, networks)[2...]
        return figures
    }
}
