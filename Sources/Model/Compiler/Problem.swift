/// Something in the mesh that the maps cannot hold as it is meant.
public enum Problem: Hashable, Sendable {
    /// Only the first ten ports are in km_service.
    case tooManyPorts(ServiceName, count: Int, kept: Int)
    /// Only the first ten services are in km_backend.
    case tooManyServices(WorkloadUID, count: Int)
    /// Only one address is in km_backend.
    case droppedAddress(WorkloadUID, kept: IPAddress, dropped: [IPAddress])
    /// The resource waits for the service of its waypoint.
    case withheld(resource: String, waypoint: ServiceName)
    /// A full map: the change, or a part of it, is lost.
    case mapFull(map: String, capacity: Int, resource: String)
    /// A target port that is given by name, and nothing says its number, or nobody looks it up.
    case unresolvedPort(ServiceName, port: UInt16, name: String)
    /// Endpoints give different numbers to a target port that the service gives by name; there is room for one.
    case ambiguousPort(ServiceName, port: UInt16, numbers: [UInt16], used: UInt16)
    /// Several resources have one address; only the owner is found by it.
    case sharedAddress(IPAddress, owner: String, others: [String])
    /// A policy with more alternatives (products of the matches of a rule's clauses) than a view takes: where it
    /// applies, everything is denied.
    case policyTooLarge(policy: String, most: Int)
    /// The policies of a workload have too many alternatives together: everything is denied.
    case tooManyAlternatives(workload: String, most: Int)
}

extension Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooManyPorts(let service, let count, let kept):
            "service \(service) has \(count) ports; only the first \(kept) are balanced"
        case .tooManyServices(let workload, let count):
            "workload \(workload) belongs to \(count) services; its map entry names only 10"
        case .droppedAddress(let workload, let kept, let dropped):
            "workload \(workload) has several addresses; its map entry holds \(kept), not "
                + dropped.map(\.description).joined(separator: ", ")
        case .withheld(let resource, let waypoint):
            "\(resource) waits for its waypoint \(waypoint), which is not known"
        case .mapFull(let map, let capacity, let resource):
            "\(map) is full at \(capacity) entries; lost: \(resource)"
        case .unresolvedPort(let service, let port, let name):
            "service \(service) port \(port): its target port is given by name (\(name)) and not looked up or not found; "
                + "the service port is used"
        case .ambiguousPort(let service, let port, let numbers, let used):
            "service \(service) port \(port): its endpoints listen on "
                + numbers.map { "\($0)" }.joined(separator: " and ") + "; \(used) is used for all"
        case .sharedAddress(let address, let owner, let others):
            "\(address) belongs to \(owner); not found by it: \(others.joined(separator: ", "))"
        case .policyTooLarge(let policy, let most):
            "policy \(policy) comes to more than \(most) alternatives; everything is denied where it applies"
        case .tooManyAlternatives(let workload, let most):
            "the policies of workload \(workload) come to more than \(most) alternatives; everything is denied there"
        }
    }
}
