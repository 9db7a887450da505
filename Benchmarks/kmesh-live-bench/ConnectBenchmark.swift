import BenchmarkSupport
import Model

/// One way to connect: from where, and to which addresses.
struct ConnectWay {
    var name: String
    /// The directory of the cgroup in which the sockets are made.
    var cgroup: String
    /// Whether the namespace with rules of iptables is meant.
    var network = Network.plain
    var first: UInt32
    /// Destinations are drawn from as many addresses that follow each other.
    var count: Int
    var port: UInt16
    /// The highest ratio to the first way of the comparison.
    var target: Double?
    /// The way, by its place, that goes without the programs to as many destinations: what that costs is not theirs.
    var spread: Int?

    enum Network { case plain, oneRule, manyRules }
}

/// The namespaces in which connects are measured.
struct Networks: ~Copyable {
    let plain: LoopNetwork
    let oneRule: LoopNetwork
    let manyRules: LoopNetwork

    init(_ sample: SampleMesh) throws {
        let plain = try LoopNetwork()
        let oneRule = try LoopNetwork()
        try PacketFilter.addRules(SampleMesh(serviceCount: 1, endpointCount: sample.endpointCount))
        let manyRules = try LoopNetwork()
        try PacketFilter.addRules(sample)
        self.plain = plain
        self.oneRule = oneRule
        self.manyRules = manyRules
    }

    borrowing func connect(_ way: ConnectWay, _ generator: inout SplitMix64) throws -> Double {
        let address = way.first + UInt32((UInt64(generator.draw()) &* UInt64(way.count)) >> 32)
        switch way.network {
        case .plain: return try plain.connect(to: address, port: way.port)
        case .oneRule: return try oneRule.connect(to: address, port: way.port)
        case .manyRules: return try manyRules.connect(to: address, port: way.port)
        }
    }

    borrowing func enter(_ way: ConnectWay) throws {
        switch way.network {
        case .plain: try plain.enter()
        case .oneRule: try oneRule.enter()
        case .manyRules: try manyRules.enter()
        }
    }
}

/// Ways to connect that take turns in one process, so that what disturbs one disturbs all. The first is the measure of
/// the others.
struct ConnectBenchmark {
    /// Connects of one way in one round: as many as the buffer of reports takes before its reader must be woken.
    static let count = 200

    let ways: [ConnectWay]
    /// What happens after each turn, not measured: somebody reads the reports of the connections.
    var afterTurn: () throws -> Void = {}

    /// Nanoseconds by way: the quantile of each round.
    private func times(_ rounds: Int, _ networks: borrowing Networks) throws -> [[(p50: Double, p90: Double)]] {
        var times = [[(p50: Double, p90: Double)]](repeating: [], count: ways.count)
        var generator = SplitMix64(seed: 1)
        for round in 0..<rounds + 2 {
            for (index, way) in ways.enumerated() {
                try Interruption.check()
                try Membership.join(way.cgroup)
                try networks.enter(way)
                let sample = try (0..<Self.count).map { _ in try networks.connect(way, &generator) }
                try afterTurn()
                // The first rounds fill caches.
                if round > 1 { times[index].append((sample.quantile(0.5), sample.quantile(0.9))) }
            }
        }
        return times
    }

    /// Two figures a way, with ratios to the first way within each round.
    func figures(_ rounds: Int, _ networks: borrowing Networks) throws -> [Figure] {
        let times = try times(rounds, networks)
        var figures: [Figure] = []
        for (way, own) in zip(ways, times) {
            let middle = zip(own, times[0]).map { $0.p50 / $1.p50 }.median
            let high = zip(own, times[0]).map { $0.p90 / $1.p90 }.median
            let isFirst = way.name == ways[0].name
            figures.append(
                Figure(
                    name: way.name, value: own.map(\.p50).median / 1000, unit: "µs",
                    ratio: isFirst ? nil : ("no BPF", middle, way.target)))
            if let spread = way.spread {
                let ratio = zip(own, times[spread]).map { $0.p50 / $1.p50 }.median
                figures.append(
                    Figure(
                        name: "the same", value: own.map(\.p50).median / 1000, unit: "µs",
                        ratio: (ways[spread].name, ratio, nil)))
            }
            figures.append(
                Figure(
                    name: "the same, p90", value: own.map(\.p90).median / 1000, unit: "µs",
                    ratio: isFirst ? nil : ("no BPF", high, nil)))
        }
        return figures
    }
}
