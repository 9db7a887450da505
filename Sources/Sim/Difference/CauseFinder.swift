import KernelABI
import Model

/// Finds what differs along the ways of a connection: the owner of the address, its waypoint, its endpoints.
struct CauseFinder {
    let before: ClientView
    let after: ClientView
    /// Addresses that were looked at already: waypoints may lead to each other.
    private var seen: Set<IPAddress> = []
    private var causes: [DestinationCause] = []

    init(_ before: ClientView, _ after: ClientView) {
        self.before = before
        self.after = after
    }

    /// The causes of a difference, never none.
    mutating func causes(of address: IPAddress, port: UInt16, ways: (before: Ways, after: Ways)) -> [DestinationCause] {
        (seen, causes) = ([], [])
        if port == UInt16(KM_DNS_PORT), before.hasProxy != after.hasProxy {
            return [DestinationCause(.address(address), .proxy)]
        }
        follow(address, port)
        if causes.isEmpty { compareOwners(of: ways) }
        if causes.isEmpty { add(object(after.owner(of: address) ?? before.owner(of: address), address), .compilation) }
        return causes
    }

    private mutating func add(_ object: DestinationCause.Object?, _ change: DestinationCause.Change) {
        let cause = DestinationCause(object, change)
        if !causes.contains(cause) { causes.append(cause) }
    }

    private func object(_ name: String?, _ address: IPAddress) -> DestinationCause.Object {
        guard let name else { return .address(address) }
        return DestinationCause.Object(named: name, in: [before.mesh, after.mesh])
    }

    private mutating func follow(_ asked: IPAddress, _ port: UInt16) {
        let address = asked.unmapped
        guard seen.insert(address).inserted else { return }
        let (old, new) = (before.owner(of: address), after.owner(of: address))
        guard old == new else { return compareClaims(to: address, old, new) }
        guard let name = new else { return }
        if let old = before.service(at: address), let new = after.service(at: address) {
            compare(old, new, port)
        } else {
            compare(before.workload(name), after.workload(name), object(name, address))
        }
    }

    // MARK: Owners

    private mutating func compareClaims(to address: IPAddress, _ old: String?, _ new: String?) {
        let count = causes.count
        if let old {
            let object = object(old, address)
            if !object.exists(in: after.mesh) {
                add(object, .removed)
            } else if !object.claims(address, in: after.mesh) {
                add(object, .addressLost)
            } else if new == nil {
                add(object, .withdrawn)
            }
        }
        if let new {
            let object = object(new, address)
            if !object.exists(in: before.mesh) {
                add(object, .added)
            } else if !object.claims(address, in: before.mesh) {
                add(object, .addressGained)
            } else if old == nil {
                add(object, .published)
            }
        }
        // Both claim it before and after: who wins is a matter of order.
        if causes.count == count { add(object(new ?? old, address), .compilation) }
    }

    /// The same address, of another workload.
    private mutating func compareOwners(of ways: (before: Ways, after: Ways)) {
        func owners(_ ways: Ways) -> [SocketAddress: WorkloadUID?] {
            var owners: [SocketAddress: WorkloadUID?] = [:]
            for entry in ways.entries {
                if case .elsewhere(let address, let uid) = entry.way.end { owners[address] = uid }
            }
            return owners
        }
        let (old, new) = (owners(ways.before), owners(ways.after))
        for address in Set(old.keys).intersection(new.keys).sorted() {
            guard let before = old[address], let after = new[address], before != after else { continue }
            add(.address(address.address), .owner(before: before, after: after))
        }
    }

    // MARK: Workloads

    private mutating func compare(
        _ old: ClientView.WorkloadFacts?, _ new: ClientView.WorkloadFacts?, _ object: DestinationCause.Object
    ) {
        guard old?.waypoint == new?.waypoint else {
            add(object, .waypoint(before: old?.waypoint, after: new?.waypoint))
            return
        }
        if let waypoint = new?.waypoint { follow(waypoint.address, waypoint.port) }
    }

    // MARK: Services

    private mutating func compare(_ old: ClientView.ServiceFacts, _ new: ClientView.ServiceFacts, _ port: UInt16) {
        let object = DestinationCause.Object.service(new.name)
        guard old.waypoint == new.waypoint else {
            add(object, .waypoint(before: old.waypoint, after: new.waypoint))
            return
        }
        if let waypoint = new.waypoint { return follow(waypoint.address, waypoint.port) }
        let (from, to) = (balancing(of: old, in: before.mesh), balancing(of: new, in: after.mesh))
        if from != to { add(object, .balancing(before: from, after: to)) }
        let (oldTarget, newTarget) = (old.target(of: port), new.target(of: port))
        if oldTarget != newTarget { add(object, .port(port, before: oldTarget, after: newTarget)) }
        compareEndpoints(old, new, object, isBalancedAlike: from == to)
    }

    private func balancing(of service: ClientView.ServiceFacts, in mesh: Mesh) -> String {
        let mode = BalancingPolicy(rawValue: service.policy).map { "\($0)" } ?? "policy \(service.policy)"
        guard let known = ServiceName(service.name).flatMap({ mesh.services[$0] }), known.loadBalancing.isRanked else {
            return mode
        }
        return ([mode] + [known.loadBalancing.routingPreference.map(\.rawValue).joined(separator: ", ")])
            .filter { !$0.isEmpty }.joined(separator: " by ")
    }

    private mutating func compareEndpoints(
        _ old: ClientView.ServiceFacts, _ new: ClientView.ServiceFacts, _ object: DestinationCause.Object,
        isBalancedAlike: Bool
    ) {
        var added: [DestinationCause.EndpointReason: [WorkloadUID]] = [:]
        var removed: [DestinationCause.EndpointReason: [WorkloadUID]] = [:]
        var ranked: [DestinationCause.RankReason: [WorkloadUID]] = [:]
        var moved: [WorkloadUID] = []
        var waypoint: [WorkloadUID] = []
        var behind: Set<SocketAddress> = []
        for name in Set(old.endpoints.keys).union(new.endpoints.keys).sorted() {
            let uid = WorkloadUID(name)
            switch (old.endpoints[name], new.endpoints[name]) {
            case (nil, _): added[reason(uid, of: new.name), default: []].append(uid)
            case (_, nil): removed[reason(uid, of: new.name), default: []].append(uid)
            case (let from?, let to?):
                if from != to, isBalancedAlike { ranked[rankReason(uid), default: []].append(uid) }
                let (was, isNow) = (before.workload(name), after.workload(name))
                if was?.waypoint != isNow?.waypoint {
                    waypoint.append(uid)
                } else if let next = isNow?.waypoint {
                    behind.insert(next)
                } else if was?.addresses != isNow?.addresses {
                    moved.append(uid)
                }
            }
        }
        for reason in added.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            add(object, .endpointsAdded(added[reason] ?? [], reason))
        }
        for reason in removed.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            add(object, .endpointsRemoved(removed[reason] ?? [], reason))
        }
        for reason in ranked.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            add(object, .endpointsRanked(ranked[reason] ?? [], reason))
        }
        if !moved.isEmpty { add(object, .endpointsMoved(moved)) }
        if !waypoint.isEmpty { add(object, .endpointsWaypoint(waypoint)) }
        for next in behind.sorted() { follow(next.address, next.port) }
    }

    private func reason(_ uid: WorkloadUID, of service: String) -> DestinationCause.EndpointReason {
        guard let old = before.mesh.workloads[uid], let new = after.mesh.workloads[uid] else { return .existence }
        guard let name = ServiceName(service) else { return .compilation }
        if (old.services[name] == nil) != (new.services[name] == nil) { return .membership }
        if old.health != new.health { return .health }
        let policies = [before.mesh, after.mesh].map { $0.services[name]?.loadBalancing.healthPolicy }
        return policies[0] != policies[1] ? .healthPolicy : .compilation
    }

    private func rankReason(_ uid: WorkloadUID) -> DestinationCause.RankReason {
        guard let old = before.mesh.workloads[uid], let new = after.mesh.workloads[uid] else { return .clientPlace }
        return LocalIdentity(of: old) == LocalIdentity(of: new) ? .clientPlace : .endpointPlace
    }
}

extension ClientView.ServiceFacts {
    /// The pods' port of one of the service's ports.
    fileprivate func target(of port: UInt16) -> UInt16? { ports.first { $0.port == port }?.target }
}

extension DestinationCause.Object {
    /// A name in the maps is that of a service or a workload.
    init(named name: String, in meshes: [Mesh]) {
        let uid = WorkloadUID(name)
        let isService = ServiceName(name) != nil && !meshes.contains { $0.workloads[uid] != nil }
        self = isService ? .service(name) : .workload(uid)
    }

    fileprivate func exists(in mesh: Mesh) -> Bool {
        switch self {
        case .service(let name): ServiceName(name).map { mesh.services[$0] != nil } ?? false
        case .workload(let uid): mesh.workloads[uid] != nil
        case .address: true
        }
    }

    fileprivate func claims(_ address: IPAddress, in mesh: Mesh) -> Bool {
        switch self {
        case .service(let name):
            ServiceName(name).flatMap { mesh.services[$0] }?.addresses.contains { $0.address == address } ?? false
        case .workload(let uid):
            mesh.workloads[uid].map { $0.networkMode == .standard && $0.addresses.contains(address) } ?? false
        case .address: false
        }
    }
}
