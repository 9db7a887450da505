public import Model

/// A mesh and one change of it.
public struct MeshStep: Sendable {
    public let mesh: Mesh
    public let change: MeshChange

    public init(_ mesh: Mesh, _ change: MeshChange) {
        self.mesh = mesh
        self.change = change
    }

    /// The mesh after the change.
    public var changed: Mesh {
        var changed = mesh
        changed.apply(change)
        return changed
    }

    /// Whether the compiler's guarantee does not hold for the change, for reasons given below.
    public func isBeyondGuarantee(_ options: DataplaneOptions, waypoint: ServiceName) -> Bool {
        releasesSeveral || changesPortsAndEntry(options) || meetsTwice(waypoint: waypoint)
    }

    /// A service that others wait for lets them into the maps. Each of them is consistent by itself, not all at once: two
    /// of them, or one and what it waited for, may pass an address on to each other.
    private var releasesSeveral: Bool {
        guard case .setService(let service) = change, mesh.services[service.name] == nil else { return false }
        let services = mesh.services.values.filter { $0.waypoint?.destination == .service(service.name) }
        let workloads = mesh.workloads.values.filter { $0.waypoint?.destination == .service(service.name) }
        let addresses = services.flatMap { $0.addresses.map(\.address) } + workloads.flatMap(\.addresses)
        return services.count + workloads.count > 1 || service.addresses.contains { addresses.contains($0.address) }
    }

    /// A workload that stays gets another address or waypoint together with other numbers for named ports: km_backend and
    /// km_service would have to change at once, and an endpoint has one backend entry.
    private func changesPortsAndEntry(_ options: DataplaneOptions) -> Bool {
        guard options.namedPort == .fromEndpoints, case .setWorkload(let new) = change,
            let old = mesh.workloads[new.uid]
        else { return false }
        return old.services != new.services && (old.addresses != new.addresses || old.waypoint != new.waypoint)
    }

    /// One lookup can meet the change twice, before a waypoint and behind it, and what it has seen before decides by
    /// address alone what it sees behind. That takes an address that a waypoint's service or pod shares with what uses
    /// the waypoint, a pod that is an endpoint of both, a node that moves while endpoints have waypoints, or a waypoint's
    /// service that gets or loses a family: endpoints that turn to the other one are stepped over from then on.
    private func meetsTwice(waypoint: ServiceName) -> Bool {
        var owners: [IPAddress: Set<String>] = [:]
        var behind: Set<IPAddress> = []
        for mesh in [mesh, changed] {
            for service in mesh.services.values {
                for address in service.addresses.map(\.address) {
                    owners[address, default: []].insert(service.name.description)
                    if service.name == waypoint { behind.insert(address) }
                }
            }
            for workload in mesh.workloads.values {
                for address in workload.addresses {
                    owners[address, default: []].insert(workload.uid.text)
                    if workload.services[waypoint] != nil { behind.insert(address) }
                }
            }
        }
        if behind.contains(where: { owners[$0]?.count ?? 0 > 1 }) { return true }
        switch change {
        case .setWorkload(let workload):
            let services = [mesh, changed].flatMap { $0.workloads[workload.uid]?.services.map(\.key) ?? [] }
            return services.contains(waypoint) && services.contains { $0 != waypoint }
        case .removeWorkload(let uid):
            let services = mesh.workloads[uid]?.services.map(\.key) ?? []
            return services.contains(waypoint) && services.contains { $0 != waypoint }
        case .setService(let service):
            func families(_ service: Service?) -> Set<AddressFamily> {
                Set(service?.addresses.map(\.address.family) ?? [])
            }
            return families(mesh.services[service.name]) != families(service)
                && mesh.workloads.values.contains {
                    $0.waypoint?.destination == .service(service.name) && !$0.services.isEmpty
                }
        case .setNode:
            return mesh.workloads.values.contains { $0.waypoint != nil && !$0.services.isEmpty }
        default: return false
        }
    }
}
