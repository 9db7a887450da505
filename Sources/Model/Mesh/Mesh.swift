/// What the control plane says: the input of the compiler. Dictionaries, because changes arrive by name; whoever
/// iterates sorts first.
public struct Mesh: Hashable, Sendable {
    public var nodes: [String: Node]
    public var workloads: [WorkloadUID: Workload]
    public var services: [ServiceName: Service]
    /// By `Policy.resourceName`.
    public var policies: [String: Policy]

    public init(
        nodes: [String: Node] = [:], workloads: [WorkloadUID: Workload] = [:],
        services: [ServiceName: Service] = [:], policies: [String: Policy] = [:]
    ) {
        self.nodes = nodes
        self.workloads = workloads
        self.services = services
        self.policies = policies
    }

    /// All resources, ordered by name.
    public var sortedNodes: [Node] { nodes.values.sorted { $0.name < $1.name } }
    public var sortedWorkloads: [Workload] { workloads.values.sorted { $0.uid < $1.uid } }
    public var sortedServices: [Service] { services.values.sorted { $0.name < $1.name } }
    public var sortedPolicies: [Policy] { policies.values.sorted { $0.resourceName < $1.resourceName } }
}

/// One step of the control plane: a resource appears, changes or goes. Small, because there may be a list of a hundred
/// thousand.
public enum MeshChange: Hashable, Sendable {
    indirect case setNode(Node)
    case removeNode(String)
    indirect case setService(Service)
    indirect case removeService(ServiceName)
    case setWorkload(Workload)
    case removeWorkload(WorkloadUID)
    indirect case setPolicy(Policy)
    case removePolicy(String)
}

extension MeshChange {
    /// The name of what changes; of a node or a policy with its kind before it.
    public var resourceName: String {
        switch self {
        case .setNode(let node): "Node/\(node.name)"
        case .removeNode(let name): "Node/\(name)"
        case .setService(let service): service.name.description
        case .removeService(let name): name.description
        case .setWorkload(let workload): workload.uid.text
        case .removeWorkload(let uid): uid.text
        case .setPolicy(let policy): "Policy/\(policy.resourceName)"
        case .removePolicy(let name): "Policy/\(name)"
        }
    }
}

extension Mesh {
    /// Applies one change. Removing what is not there changes nothing.
    public mutating func apply(_ change: MeshChange) {
        switch change {
        case .setNode(let node): nodes[node.name] = node
        case .removeNode(let name): nodes[name] = nil
        case .setService(let service): services[service.name] = service
        case .removeService(let name): services[name] = nil
        case .setWorkload(let workload): workloads[workload.uid] = workload
        case .removeWorkload(let uid): workloads[uid] = nil
        case .setPolicy(let policy): policies[policy.resourceName] = policy
        case .removePolicy(let name): policies[name] = nil
        }
    }

    /// The changes that turn this mesh into `target`, in the order in which control planes send them: nodes, services,
    /// workloads, policies, then removals (workloads first). Within a kind by name.
    public func changes(to target: Mesh) -> [MeshChange] {
        var changes: [MeshChange] = []
        changes += target.sortedNodes.filter { nodes[$0.name] != $0 }.map(MeshChange.setNode)
        changes += target.sortedServices.filter { services[$0.name] != $0 }.map(MeshChange.setService)
        changes += target.sortedWorkloads.filter { workloads[$0.uid] != $0 }.map(MeshChange.setWorkload)
        changes += target.sortedPolicies.filter { policies[$0.resourceName] != $0 }.map(MeshChange.setPolicy)
        changes += sortedWorkloads.filter { target.workloads[$0.uid] == nil }.map { .removeWorkload($0.uid) }
        changes += sortedServices.filter { target.services[$0.name] == nil }.map { .removeService($0.name) }
        changes += sortedPolicies.filter { target.policies[$0.resourceName] == nil }
            .map { .removePolicy($0.resourceName) }
        changes += sortedNodes.filter { target.nodes[$0.name] == nil }.map { .removeNode($0.name) }
        return changes
    }
}
