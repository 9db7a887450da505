import BenchmarkSupport
import Model

/// One endpoint of a service goes, comes again, turns unhealthy and healthy again.
struct ChangeBenchmark {
    enum Kind: String, CaseIterable { case removed, added, unhealthy, healthy }

    private let sample: SampleMesh
    private var maps: MapStore
    private var compiler: Compiler
    private var writes: [MapWrite] = []
    /// Most writes that one change made, barriers not counted.
    private(set) var mostWrites = 0

    init(_ sample: SampleMesh) throws {
        self.sample = sample
        (maps, compiler) = try sample.compiled()
    }

    /// Microseconds a change, medians over the rounds, each a change of `count` endpoints.
    mutating func run(rounds: Int, count: Int) throws -> [Kind: Double] {
        var times: [Kind: [Double]] = [:]
        for round in 0..<rounds {
            let endpoints = drawnEndpoints(count, seed: UInt64(round))
            for kind in Kind.allCases {
                let changes = endpoints.map { change(kind, $0) }
                let nanoseconds = try Clock.nanoseconds(per: count) {
                    for change in changes { try apply(change) }
                }
                times[kind, default: []].append(nanoseconds / 1000)
            }
        }
        return times.mapValues(\.median)
    }

    /// Endpoints in random order, each of another service.
    private func drawnEndpoints(_ count: Int, seed: UInt64) -> [Workload] {
        precondition(count <= sample.serviceCount, "\(count) of \(sample.serviceCount) services")
        var generator = SplitMix64(seed: seed)
        var order = Array(0..<sample.serviceCount)
        for index in order.indices.dropFirst() {
            order.swapAt(index, Int(generator.next() % UInt64(index + 1)))
        }
        return order[..<count].map { service in
            sample.workload(Int(generator.next() % UInt64(sample.endpointCount)), of: service)
        }
    }

    private func change(_ kind: Kind, _ endpoint: Workload) -> MeshChange {
        var workload = endpoint
        switch kind {
        case .added, .healthy: return .setWorkload(workload)
        case .unhealthy:
            workload.health = .unhealthy
            return .setWorkload(workload)
        case .removed: return .removeWorkload(workload.uid)
        }
    }

    private mutating func apply(_ change: MeshChange) throws {
        writes.removeAll(keepingCapacity: true)
        let refusal = compiler.compile(change, into: &writes)
        precondition(refusal == nil, "\(refusal.map(\.description) ?? "")")
        var count = 0
        for write in writes {
            if case .barrier = write { continue }
            count += 1
            try maps.apply(write)
        }
        mostWrites = max(mostWrites, count)
    }
}
