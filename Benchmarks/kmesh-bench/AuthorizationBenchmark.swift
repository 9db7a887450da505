import BenchmarkSupport
import KernelABI
import Model

/// The policies of a mesh: compiled from nothing, one of them changed, and asked for a verdict.
struct AuthorizationBenchmark {
    /// 10,000 workloads in 40 namespaces, with 25 policies of 10 rules in each.
    private static let sample = SampleMesh(serviceCount: 500, endpointCount: 20)
    private static let policies = SamplePolicies(ruleCount: 10)
    private static let policiesPerNamespace = 25

    private let mesh: Mesh
    private let namespaces: [String]
    private var compiler = AuthorizationCompiler(node: nil, capacities: capacities)
    private var maps = AuthorizationMaps(capacities: capacities)

    private static let capacities = {
        var capacities = AuthorizationCapacities.large
        capacities.destinations = 20_000
        return capacities
    }()

    init() {
        var mesh = Self.sample.mesh
        namespaces = Set(mesh.workloads.values.map(\.namespace)).sorted()
        for namespace in namespaces {
            for index in 0..<Self.policiesPerNamespace {
                mesh.apply(.setPolicy(Self.policies.policy(index, in: namespace, scope: .namespace)))
            }
        }
        self.mesh = mesh
    }

    /// Milliseconds to compile all policies for all workloads, and to have them in maps.
    mutating func compile() throws -> Double {
        let changes = Mesh().changes(to: mesh)
        let start = Clock.cpuNanoseconds
        compiler = AuthorizationCompiler(node: nil, capacities: Self.capacities)
        maps = AuthorizationMaps(capacities: Self.capacities)
        for change in changes { compiler.apply(change) }
        for write in compiler.takeWrites() { try maps.apply(write) }
        let end = Clock.cpuNanoseconds
        precondition(compiler.problems.isEmpty, "\(compiler.problems)")
        return Double(end - start) / 1e6
    }

    /// Milliseconds until a changed policy of a namespace is in the maps.
    mutating func change(_ round: Int) throws -> Double {
        var policy = Self.policies.policy(round % Self.policiesPerNamespace, in: namespaces[0], scope: .namespace)
        policy.rules.removeLast()
        let start = Clock.cpuNanoseconds
        compiler.apply(.setPolicy(policy))
        for write in compiler.takeWrites() { try maps.apply(write) }
        return Double(Clock.cpuNanoseconds - start) / 1e6
    }

    /// Nanoseconds a verdict, over random pairs of workloads and ports.
    func verdict(count: Int) -> Double {
        var generator = SplitMix64(seed: 1)
        let workloads = mesh.sortedWorkloads.compactMap(\.addresses.first)
        let requests = (0..<4096).map { _ in
            (
                workloads[Int(generator.next() % UInt64(workloads.count))],
                workloads[Int(generator.next() % UInt64(workloads.count))], UInt16(7000 + generator.next() % 2000)
            )
        }
        var allowed = 0
        let start = Clock.cpuNanoseconds
        for index in 0..<count {
            let (source, destination, port) = requests[index % requests.count]
            guard let place = maps.destination(destination) else { continue }
            let evaluation = maps.evaluate(
                maps.view(ofSlot: place.slot), identity: maps.identity(of: source), source: source, port: port)
            if evaluation?.isAllowed ?? false { allowed += 1 }
        }
        let end = Clock.cpuNanoseconds
        precondition(allowed < count, "no policy denied anything")
        return Double(end - start) / Double(count)
    }
}
