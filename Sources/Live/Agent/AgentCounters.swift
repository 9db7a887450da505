import Model

/// What the agent has done since it began.
struct AgentCounters: Sendable {
    var puts: [KernelMapName: UInt64] = [:]
    var barriers: UInt64 = 0
    /// Changes of the mesh that were to be put in force.
    var changes: UInt64 = 0
    /// Those that the maps could not take.
    var refusals: UInt64 = 0
    /// Writes that failed, by map; each ended its list.
    var failures: [KernelMapName: UInt64] = [:]
    /// Writes of policies, and lists of them that a failure ended.
    var policyWrites: UInt64 = 0
    var policyFailures: UInt64 = 0
    /// What of the mesh the maps do not hold as it is meant, when it was counted.
    var problems: UInt64 = 0
    /// Owners of workloads, and services, that went: what was counted of them is to be dropped.
    var goneOwners: Set<Owner> = []
    var goneServices: Set<ServiceName> = []

    /// Of workloads, such as a Deployment.
    struct Owner: Hashable, Sendable {
        var name: String
        var namespace: String
    }

    /// Entries of the maps, when they were counted.
    var entries: [KernelMapName: UInt64] = [:]
    /// How long it took to put changes in force, barriers included.
    var applySeconds = MetricHistogram(bounds: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10])
    var lastApplied: WallTime?

    /// Counts a write that failed, if that is what the error is about.
    mutating func add(_ error: AgentError) {
        guard case .write(let error) = error, let map = KernelMapName(rawValue: error.error.object) else { return }
        failures[map, default: 0] += 1
    }

    /// Notes who goes with changes that are about to be compiled.
    mutating func note(_ changes: [MeshChange], known compiler: Compiler) {
        for change in changes {
            switch change {
            case .removeWorkload(let uid):
                guard let workload = compiler.workload(uid) else { continue }
                goneOwners.insert(Owner(name: workload.ownerName, namespace: workload.namespace))
            case .removeService(let name): goneServices.insert(name)
            default: continue
            }
        }
    }

    /// Adds writes of policies that were done.
    mutating func add(_ counts: MapWriteCounts) {
        barriers += UInt64(counts.barriers)
        policyWrites += UInt64(counts.puts + counts.deletes)
    }

    /// Adds writes that were done.
    mutating func add(_ counts: MapWriteCounts, _ writes: [MapWrite]) {
        barriers += UInt64(counts.barriers)
        for write in writes {
            switch write {
            case .put(let entry): puts[entry.key.map, default: 0] += 1
            case .delete(let key): puts[key.map, default: 0] += 1
            case .barrier: break
            }
        }
    }
}
