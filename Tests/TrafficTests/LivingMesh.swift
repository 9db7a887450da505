import Model
import TestSupport

/// A mesh whose services never lose their last endpoint, while everything else changes.
struct LivingMesh {
    private(set) var mesh = Mesh()
    private let generator: MeshGenerator
    private var random: SplitMix64
    private static let (serviceCount, workloadCount) = (3, 10)

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        generator = MeshGenerator(seed: seed, serviceCount: Self.serviceCount, workloadCount: Self.workloadCount)
        mesh.apply(.setNode(generator.nodeObject(MeshGenerator.localities[0])))
        for index in 0..<Self.serviceCount { mesh.apply(.setService(service(index))) }
        for index in 0..<Self.workloadCount { mesh.apply(.setWorkload(workload(index))) }
    }

    /// The addresses that are always served.
    var servicesOnly: Mesh { Mesh(services: mesh.services) }

    /// A change after which each service still has an endpoint; the mesh has it from then on.
    mutating func nextChange() -> MeshChange {
        while true {
            let change: MeshChange
            switch random.below(8) {
            case 0, 1: change = .removeWorkload(generator.workloadUID(random.below(Self.workloadCount)))
            case 2: change = .setService(service(random.below(Self.serviceCount)))
            case 3: change = .setNode(generator.nodeObject(random.one(of: MeshGenerator.localities)))
            default: change = .setWorkload(workload(random.below(Self.workloadCount)))
            }
            var next = mesh
            next.apply(change)
            guard Self.isServed(next), next != mesh else { continue }
            mesh = next
            return change
        }
    }

    private static func isServed(_ mesh: Mesh) -> Bool {
        mesh.services.keys.allSatisfy { service in
            mesh.workloads.values.contains { $0.services[service] != nil && $0.health == .healthy }
        }
    }

    private mutating func service(_ index: Int) -> Service {
        var service = Service(generator.serviceName(index))
        service.addresses = [NetworkAddress(MeshGenerator.virtualIP(index, .v4))]
        service.ports = random.one(of: MeshGenerator.portLists.prefix(3).map { $0 } + [Self.elevenPorts])
        service.loadBalancing = random.one(of: [
            LoadBalancing(.random), LoadBalancing(.failover, preferring: [.region, .zone]),
            LoadBalancing(.failover, preferring: [.zone]),
        ])
        return service
    }

    /// The port that is asked for among the first ten, and one beyond them.
    private static let elevenPorts =
        [ServicePort(80, to: 9090)] + (1...10).map { ServicePort(UInt16(1000 + $0), to: 9091) }

    private mutating func workload(_ index: Int) -> Workload {
        var workload = Workload(generator.workloadUID(index), name: "p\(index)", namespace: "ns", cluster: "c")
        workload.addresses = [MeshGenerator.podAddress(index, .v4, variant: random.below(2))]
        workload.locality = random.one(of: MeshGenerator.localities)
        workload.health = random.isOneIn(4) ? .unhealthy : .healthy
        for service in random.some(of: 0..<Self.serviceCount) { workload.services[generator.serviceName(service)] = [] }
        return workload
    }
}
