/// The sizes that upstream compiles in, where no option has them.
private enum UpstreamLimit {
    /// Entries of km_authz_policy, and of km_wlpolicy.
    static let policies = 512
}

extension SoundnessCheck {
    /// What all nodes' maps have to hold, against what they can hold.
    mutating func checkCapacities() {
        checkCapacity(
            .frontendCapacity, "km_frontend", "address", of: { $0.capacities.frontend },
            count: { [index] options in index.claims.keys.count { index.hasFrontend($0, options) } },
            overflow: { _ in
                .bypass("Connects to the addresses that found no room go out as if there were no mesh.")
            })
        checkCapacity(
            .serviceCapacity, "km_service", "service", of: { $0.capacities.service },
            count: { [index] _ in index.services.indices.count { index.isPublished(service: $0) } },
            overflow: { options in
                options.overflow == .loseWrites
                    ? .bypass("The last services have a frontend but no entry: connects to them leave the mesh.")
                    : .bypass("The last services are refused as a whole: connects to them leave the mesh.")
            })
        checkCapacity(
            .endpointCapacity, "km_endpoint", "endpoint", of: { $0.capacities.endpoint },
            count: { [index] options in
                index.services.indices.reduce(0) { sum, service in
                    guard index.isPublished(service: service) else { return sum }
                    return sum + index.members[service].count { index.isEndpoint($0, of: service, options) }
                }
            }, overflow: { [index] in Self.lostWorkloads($0, "slots", index) })
        checkCapacity(
            .backendCapacity, "km_backend", "workload", of: { $0.capacities.backend },
            count: { [index] options in index.workloads.indices.count { index.isPublished(workload: $0, options) } },
            overflow: { [index] in Self.lostWorkloads($0, "entries", index) })
        checkManagedPods()
        checkNodeInfo()
        checkPolicyMaps()
    }

    private static func lostWorkloads(
        _ options: DataplaneOptions, _ lost: String, _ index: MeshIndex
    ) -> Consequence {
        if options.overflow == .loseWrites {
            let sentence = "The last \(lost) are lost but counted: a connect that picks one"
            return options.noEndpoint == .leave && options.missingEntry == .giveUp
                ? .bypass("\(sentence) goes to the virtual IP as if there were no mesh.")
                : .contained("\(sentence) takes the next endpoint or is refused.")
        }
        return index.workloads.contains { $0.waypoint != nil }
            ? .bypass("The last workloads are refused as a whole: no service picks them, their waypoints are skipped.")
            : .contained("The last workloads are refused as a whole: no service picks them.")
    }

    /// Compares one count with one capacity in each preset.
    private mutating func checkCapacity(
        _ rule: SoundnessRule, _ map: String, _ noun: String, of capacity: (DataplaneOptions) -> Int,
        count: (DataplaneOptions) -> Int, overflow: (DataplaneOptions) -> Consequence
    ) {
        let counts = Preset.allCases.map { count(options(of: $0)) }
        let capacities = Preset.allCases.map { capacity(options(of: $0)) }
        guard zip(counts, capacities).contains(where: { $0 > $1 }) else { return }
        let number = counted(counts.max() ?? 0, noun)
        report(rule, .error, map, "has to hold \(number), with room for \(Self.rooms(capacities))") { options in
            guard count(options) > capacity(options) else { return .contained("All fit.") }
            return overflow(options)
        }
    }

    /// `5000 upstream and 40000 hardened`.
    private static func rooms(_ capacities: [Int]) -> String {
        zip(capacities, Preset.allCases).map { "\($0) \($1.rawValue)" }.joined(separator: " and ")
    }

    /// km_manage is filled by the nodes: a pod has the cookie of its namespace there, and upstream its address too.
    private mutating func checkManagedPods() {
        var pods: [String: Int] = [:]
        for workload in index.workloads where workload.networkMode == .standard && !workload.node.isEmpty {
            pods[workload.node, default: 0] += 1
        }
        func entries(_ pods: Int, _ options: DataplaneOptions) -> Int {
            options.managedTest == .localAddress ? pods * 2 : pods
        }
        let capacities = Preset.allCases.map { options(of: $0).capacities.manage }
        for (node, count) in pods.sorted(by: { $0.key < $1.key })
        where anyPreset({ entries(count, $0) > $0.capacities.manage }) {
            report(
                .manageCapacity, .warning, "node \(node)",
                "has \(counted(count, "pod")); km_manage holds \(Self.rooms(capacities))"
            ) { options in
                guard entries(count, options) > options.capacities.manage else { return .contained("All fit.") }
                let each = options.managedTest == .localAddress ? "two entries" : "one entry"
                return .bypass("A managed pod takes \(each); pods that find no room stay outside the mesh.")
            }
        }
    }

    /// A node's km_nodeinfo holds the pod prefixes of all others.
    private mutating func checkNodeInfo() {
        let counts = index.mesh.nodes.values.map { Set($0.podPrefixes).count }
        let most = counts.reduce(0, +) - (counts.min() ?? 0)
        checkCapacity(
            .nodeInfoCapacity, "km_nodeinfo", "pod prefix", of: { $0.capacities.nodeInfo },
            count: { _ in most },
            overflow: { _ in
                .contained("Packets to the prefixes that found no room are not marked, and leave unencrypted.")
            })
    }

    private mutating func checkPolicyMaps() {
        let policies = index.mesh.policies.count
        let limit = UpstreamLimit.policies
        let unlimited = Consequence.contained("Policies are compiled into maps of their own, without this limit.")
        if policies > limit {
            report(
                .policyCapacity, .error, "km_authz_policy",
                "has to hold \(policies) policies, with room for \(limit) upstream"
            ) { options in
                guard options.extras == .drop else { return unlimited }
                return .bypass("XDP ends its walk with a pass at a policy that found no room.")
            }
        }
        let selected = index.workloads.count { !$0.policies.isEmpty }
        if selected > limit {
            report(
                .workloadPolicyCapacity, .error, "km_wlpolicy",
                "has to hold \(selected) workloads with policies, with room for \(limit) upstream"
            ) { options in
                guard options.extras == .drop else { return unlimited }
                return .bypass("XDP passes everything to workloads that found no room, as if they had no policies.")
            }
        }
    }
}
