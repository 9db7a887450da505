public import Model

/// A cluster of services with the same number of endpoints each, spread over a hundred nodes, named as real ones are.
public struct SampleMesh: Sendable {
    public let serviceCount: Int
    public let endpointCount: Int

    public static let node = "node-000.cluster.internal"

    public init(serviceCount: Int, endpointCount: Int) {
        self.serviceCount = serviceCount
        self.endpointCount = endpointCount
    }

    public func nodeName(_ index: Int) -> String { "node-\(padded(index, 3)).cluster.internal" }

    public func virtualIP(_ service: Int) -> IPAddress { .v4(0x0a60_0000).advanced(by: UInt64(service) + 10) }

    public func serviceName(_ index: Int) -> ServiceName {
        let namespace = "team-\(padded(index % 40, 2))"
        return ServiceName(namespace: namespace, hostname: "app-\(padded(index, 5)).\(namespace).svc.cluster.local")
    }

    public func service(_ index: Int) -> Service {
        Service(
            serviceName(index), shortName: "app-\(padded(index, 5))",
            addresses: [NetworkAddress(virtualIP(index))],
            ports: [ServicePort(80, to: 8080), ServicePort(443, to: 8443), ServicePort(9090, to: 9090)])
    }

    /// Endpoint `index` of a service.
    public func workload(_ index: Int, of service: Int) -> Workload {
        let number = service * endpointCount + index
        let name = serviceName(service)
        let app = "app-\(padded(service, 5))"
        let pod = "\(app)-7d4b9c6f5-\(padded(index, 5))"
        let node = number % 100
        return Workload(
            WorkloadUID(cluster: Workload.defaultCluster, podNamespace: name.namespace, pod: pod), name: pod,
            namespace: name.namespace, addresses: [.v4(0x0a80_0000).advanced(by: UInt64(number))],
            node: nodeName(node), locality: Locality(region: "region-1", zone: "region-1-\(node % 3)"),
            serviceAccount: "account-\(app)", kind: .deployment, ownerName: app, canonicalName: app,
            services: [name: []])
    }

    /// The whole mesh.
    public var mesh: Mesh {
        var mesh = Mesh()
        mesh.services.reserveCapacity(serviceCount)
        mesh.workloads.reserveCapacity(serviceCount * endpointCount)
        for service in 0..<serviceCount {
            mesh.apply(.setService(self.service(service)))
            for index in 0..<endpointCount { mesh.apply(.setWorkload(workload(index, of: service))) }
        }
        return mesh
    }

    /// Maps compiled from the mesh, and the compiler that keeps them up to date.
    public func compiled() throws -> (maps: MapStore, compiler: Compiler) {
        var maps = MapStore(capacities: .large)
        var compiler = Compiler(node: Self.node, options: .hardened)
        var writes: [MapWrite] = []
        func apply(_ change: MeshChange) throws {
            writes.removeAll(keepingCapacity: true)
            let refusal = compiler.compile(change, into: &writes)
            precondition(refusal == nil, "\(refusal.map(\.description) ?? "")")
            for write in writes { try maps.apply(write) }
        }
        for service in 0..<serviceCount {
            try apply(.setService(self.service(service)))
            for index in 0..<endpointCount { try apply(.setWorkload(workload(index, of: service))) }
        }
        return (maps, compiler)
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
