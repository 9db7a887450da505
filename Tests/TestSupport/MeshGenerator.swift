public import Model

/// Draws small meshes in which everything that matters to the maps happens often: shared addresses, both families,
/// waypoints by address and by name, endpoints before their services, more than ten ports.
public struct MeshGenerator: Sendable {
    public var random: SplitMix64
    /// How many services and workloads can exist.
    public var serviceCount: Int
    public var workloadCount: Int

    public static let node = "n1"
    public static let localities = [
        Locality(region: "r1", zone: "z1"), Locality(region: "r1", zone: "z2"), Locality(region: "r2", zone: "z3"),
    ]

    public init(seed: UInt64, serviceCount: Int = 3, workloadCount: Int = 4) {
        random = SplitMix64(seed: seed)
        self.serviceCount = serviceCount
        self.workloadCount = workloadCount
    }

    // MARK: Names and addresses

    /// Services by number; the last one is what others name as their waypoint.
    public func serviceName(_ index: Int) -> ServiceName {
        ServiceName(namespace: "ns", hostname: index == serviceCount - 1 ? "way" : "s\(index)")
    }

    public func workloadUID(_ index: Int) -> WorkloadUID {
        WorkloadUID(cluster: "c", podNamespace: "ns", pod: "p\(index)")
    }

    /// The nth virtual IP of a service.
    public static func virtualIP(_ service: Int, _ family: AddressFamily, variant: Int = 0) -> IPAddress {
        let number = UInt32(variant) << 16 | UInt32(service + 1)
        return family == .v4 ? .v4(0x0A60_0000 | number) : .v6(high: 0xfd00_0096_0000_0000, low: UInt64(number))
    }

    /// The nth address of a workload.
    public static func podAddress(_ workload: Int, _ family: AddressFamily, variant: Int = 0) -> IPAddress {
        let number = UInt32(variant) << 16 | UInt32(workload + 1)
        return family == .v4 ? .v4(0x0A00_0000 | number) : .v6(high: 0xfd00_0000_0000_0000, low: UInt64(number))
    }

    /// An address that several workloads and services have. The waypoint's service and its pods do not.
    public static let sharedAddress = IPAddress.v4(0x0A00_00FF)

    /// Ten ports that no test asks for.
    static let filler = (1...10).map { ServicePort(UInt16(1000 + $0), to: UInt16(2000 + $0)) }

    /// Lists of ports; 80 and 81 are asked for.
    public static let portLists: [[ServicePort]] = [
        [ServicePort(80, to: 8080)],
        [ServicePort(80, to: 9090)],
        [ServicePort(80, to: 8080), ServicePort(81, to: 8081)],
        [ServicePort(81, to: 8081)],
        [ServicePort(80, targetName: "http")],
        filler + [ServicePort(80, to: 8080)],
        filler + [ServicePort(80, to: 9090), ServicePort(81, to: 8081)],
        [ServicePort(80, to: 8080)] + filler + [ServicePort(81, to: 9091)],
        filler + [ServicePort(81, targetName: "http")],
    ]

    /// Ways to balance.
    public static let balancing: [LoadBalancing] = [
        LoadBalancing(.random),
        LoadBalancing(.strict, preferring: [.region]),
        LoadBalancing(.strict, preferring: [.region, .zone]),
        LoadBalancing(.failover, preferring: [.region, .zone]),
        LoadBalancing(.failover, preferring: [.zone]),
        LoadBalancing(.failover, preferring: [.zone, .region, .node]),
        LoadBalancing(.passthrough),
        LoadBalancing(.failover, preferring: [.region, .zone], healthPolicy: .allowAll),
    ]

    // MARK: Resources

    public mutating func service(_ index: Int) -> Service {
        var service = Service(serviceName(index))
        service.addresses = addresses(index)
        service.ports = random.one(of: Self.portLists)
        service.loadBalancing = random.one(of: Self.balancing)
        service.waypoint = waypoint(for: index)
        return service
    }

    private mutating func addresses(_ index: Int) -> [NetworkAddress] {
        let variant = random.isOneIn(4) ? 1 : 0
        let v4 = Self.virtualIP(index, .v4, variant: variant)
        let v6 = Self.virtualIP(index, .v6, variant: variant)
        let addresses =
            switch random.below(8) {
            case 0: [v6]
            case 1: [v4, v6]
            case 2: [v6, v4]
            case 3 where 0 < index && index < serviceCount - 1: [v4, Self.virtualIP(0, .v4)]
            case 4 where index < serviceCount - 1: [v4, Self.sharedAddress]
            case 5: index == 0 ? [] : [v4]
            default: [v4]
            }
        return addresses.map { NetworkAddress($0) }
    }

    /// A waypoint for a service, or for a workload (index nil). The waypoint service itself gets none.
    private mutating func waypoint(for index: Int?) -> Gateway? {
        let last = serviceCount - 1
        guard index != last else { return nil }
        switch random.below(10) {
        case 0: return Gateway(.address(NetworkAddress(.v4(0x0A09_0909))))
        case 1: return Gateway(.address(NetworkAddress(Self.virtualIP(last, .v4))), port: 80)
        case 2: return Gateway(.address(NetworkAddress(Self.virtualIP(last, .v6))), port: 80)
        case 3: return Gateway(.service(serviceName(last)), port: 80)
        case 4: return Gateway(.service(serviceName(last)), port: 81)
        default: return nil
        }
    }

    public mutating func workload(_ index: Int) -> Workload {
        let uid = workloadUID(index)
        var workload = Workload(uid, name: "p\(index)", namespace: "ns", cluster: "c")
        let variant = random.isOneIn(4) ? 1 : 0
        let v4 = Self.podAddress(index, .v4, variant: variant)
        let v6 = Self.podAddress(index, .v6, variant: variant)
        workload.addresses = random.one(of: [[v4], [v4], [v6], [v4, v6], [v6, v4], [Self.sharedAddress], []])
        workload.node = random.one(of: [Self.node, "n2", "n2", ""])
        workload.locality = random.one(of: Self.localities)
        workload.health = random.isOneIn(4) ? .unhealthy : .healthy
        workload.networkMode = random.isOneIn(6) ? .hostNetwork : .standard
        workload.waypoint = random.isOneIn(2) ? nil : waypoint(for: nil)
        for service in random.some(of: 0..<serviceCount) {
            // A waypoint's pods have no waypoint, lest lookups go round in circles.
            if service == serviceCount - 1 {
                workload.waypoint = nil
                if workload.addresses == [Self.sharedAddress] { workload.addresses = [v4] }
            }
            workload.services[serviceName(service)] = random.one(of: [
                [], [ServicePort(80, to: 8080)], [ServicePort(80, to: UInt16(7000 + index))],
                [ServicePort(81, to: UInt16(7100 + index))],
            ])
        }
        return workload
    }

    public func nodeObject(_ locality: Locality) -> Node { Node(Self.node, locality: locality, cluster: "c") }

    /// A mesh of most of the resources.
    public mutating func mesh() -> Mesh {
        var mesh = Mesh()
        if random.isOneIn(2) { mesh.apply(.setNode(nodeObject(random.one(of: Self.localities)))) }
        for index in 0..<serviceCount where !random.isOneIn(5) { mesh.apply(.setService(service(index))) }
        for index in 0..<workloadCount where !random.isOneIn(5) { mesh.apply(.setWorkload(workload(index))) }
        return mesh
    }

    // MARK: Changes

    /// One change: a resource comes, goes, is replaced as a whole or in one field.
    public mutating func change(of mesh: Mesh) -> MeshChange {
        switch random.below(12) {
        case 0: return .setNode(nodeObject(random.one(of: Self.localities)))
        case 1: return .removeService(serviceName(random.below(serviceCount)))
        case 2: return .removeWorkload(workloadUID(random.below(workloadCount)))
        case 3...6:
            let index = random.below(serviceCount)
            let new = service(index)
            guard let old = mesh.services[new.name], random.isOneIn(2) else { return .setService(new) }
            return .setService(mixed(old, new))
        default:
            let index = random.below(workloadCount)
            let new = workload(index)
            guard let old = mesh.workloads[new.uid], random.isOneIn(2) else { return .setWorkload(new) }
            return .setWorkload(mixed(old, new))
        }
    }

    private mutating func mixed(_ old: Service, _ new: Service) -> Service {
        var service = old
        switch random.below(5) {
        case 0: service.addresses = new.addresses
        case 1: service.ports = new.ports
        case 2: service.waypoint = new.waypoint
        case 3: service.loadBalancing = new.loadBalancing
        default: (service.loadBalancing, service.ports) = (new.loadBalancing, new.ports)
        }
        return service
    }

    private mutating func mixed(_ old: Workload, _ new: Workload) -> Workload {
        var workload = old
        switch random.below(7) {
        case 0: workload.addresses = new.addresses
        case 1: (workload.services, workload.waypoint) = (new.services, new.waypoint)
        case 2 where old.services[serviceName(serviceCount - 1)] == nil: workload.waypoint = new.waypoint
        case 3: workload.health = old.health == .healthy ? .unhealthy : .healthy
        case 4: workload.networkMode = new.networkMode
        case 5: workload.node = new.node
        default: workload.locality = new.locality
        }
        return workload
    }
}
