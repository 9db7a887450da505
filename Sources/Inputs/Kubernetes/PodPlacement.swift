import Model

/// Where implied pods run. Remembers, so that pods stay where they are while the cluster changes around them.
struct PodPlacement: Hashable, Sendable {
    /// A pod's place.
    struct Place: Hashable, Sendable {
        var node: String
        /// Empty for a pod in its node's network.
        var addresses: [IPAddress]
        var generation: Int
    }

    private var places: [KubernetesName: Place] = [:]
    private var pools: [Prefix: AddressPool] = [:]
    /// Numbers of the default prefixes of nodes that name none.
    private var prefixNumbers: [String: UInt32] = [:]
    /// The node that got the latest pod.
    private var lastNode = ""
    private var restarts: [ObjectKey: Restart] = [:]
    private var indexesOnNodes: [ObjectKey: [String: Int]] = [:]

    /// What is known of a controller's restarts.
    private struct Restart: Hashable {
        var stamp: String?
        var count = 0
    }

    /// Where the pod of that name is.
    subscript(name: KubernetesName) -> Place? { places[name] }

    /// How often the controller was restarted since it is known: a new stamp is a restart.
    mutating func generation(of controller: KubernetesController) -> Int {
        var restart = restarts[controller.key] ?? Restart(stamp: controller.restartedAt)
        if restart.stamp != controller.restartedAt {
            restart.stamp = controller.restartedAt
            restart.count += 1
        }
        restarts[controller.key] = restart
        return restart.count
    }

    /// The index of a DaemonSet's pod on each node; a node keeps its index while the DaemonSet runs there.
    mutating func indexes(of controller: ObjectKey, on nodes: [String]) -> [(node: String, index: Int)] {
        let known = indexesOnNodes[controller] ?? [:]
        var kept = known.filter { nodes.contains($0.key) }
        var free = (0...).lazy.filter { [used = Set(kept.values)] in !used.contains($0) }.makeIterator()
        for node in nodes where kept[node] == nil { kept[node] = free.next() }
        indexesOnNodes[controller] = kept
        return nodes.compactMap { node in kept[node].map { (node, $0) } }
    }

    /// Forgets controllers that are gone.
    mutating func keep(only isThere: (ObjectKey) -> Bool) {
        restarts = restarts.filter { isThere($0.key) }
        indexesOnNodes = indexesOnNodes.filter { isThere($0.key) }
    }

    /// Finds a place for each pod, in order, round robin over the nodes that allow it. Pods keep the places they have;
    /// pods that are no longer wanted give theirs up.
    /// - Parameter taken: Addresses that are in use elsewhere; gets those of the pods.
    /// - Returns: Notes on pods that find no place.
    /// - Throws: when a node has no address left.
    mutating func place(
        _ pods: [ImpliedPod], on nodes: inout ClusterNodes, avoiding taken: inout Set<IPAddress>
    ) throws(InputError) -> [InputNote] {
        var kept: [KubernetesName: Place] = [:]
        for pod in pods {
            if let place = places[pod.name], isValid(place, for: pod, on: nodes, taken: taken) {
                kept[pod.name] = place
            }
        }
        places = kept
        for place in kept.values { taken.formUnion(place.addresses) }
        for (node, number) in prefixNumbers { nodes.assignPrefix(number, to: node) }
        var notes: [InputNote] = []
        for pod in pods where kept[pod.name] == nil {
            guard let node = nextNode(for: pod.spec, on: nodes) else {
                notes.append(pod.origin.note("pod \(pod.name) is left out: no node has the labels it selects"))
                continue
            }
            var place = Place(node: node, addresses: [], generation: pod.generation)
            if !pod.spec.usesHostNetwork {
                let first = (prefixNumbers.values.max() ?? 0) + (prefixNumbers.isEmpty ? 0 : 1)
                if let number = nodes.assignFreePrefix(to: node, from: first) { prefixNumbers[node] = number }
                place.addresses = try addresses(on: node, of: nodes, for: pod, avoiding: &taken)
            }
            places[pod.name] = place
        }
        return notes
    }

    private func isValid(
        _ place: Place, for pod: ImpliedPod, on nodes: ClusterNodes, taken: Set<IPAddress>
    ) -> Bool {
        place.generation == pod.generation && nodes[place.node] != nil
            && place.addresses.isEmpty == pod.spec.usesHostNetwork && taken.isDisjoint(with: place.addresses)
            && (pod.spec.nodeName.isEmpty || pod.spec.nodeName == place.node)
    }

    /// The first allowed node after the one that got the latest pod. Pods with a fixed node do not count.
    private mutating func nextNode(for spec: KubernetesPodSpec, on nodes: ClusterNodes) -> String? {
        let names = nodes.names(allowing: spec)
        guard let node = names.first(where: { $0 > lastNode }) ?? names.first else { return nil }
        if spec.nodeName.isEmpty { lastNode = node }
        return node
    }

    /// One address of each family that the node has prefixes of.
    private mutating func addresses(
        on name: String, of nodes: ClusterNodes, for pod: ImpliedPod, avoiding taken: inout Set<IPAddress>
    ) throws(InputError) -> [IPAddress] {
        let prefixes = nodes[name]?.podPrefixes ?? []
        var addresses: [IPAddress] = []
        for prefix in prefixes where !addresses.contains(where: { $0.family == prefix.address.family }) {
            let key = Prefix(prefix.network, length: prefix.length) ?? prefix
            guard let address = pools[key, default: AddressPool(key)].take(avoiding: taken) else { continue }
            addresses.append(address)
        }
        let missing = prefixes.filter { prefix in !addresses.contains { $0.family == prefix.address.family } }
        guard missing.isEmpty, !prefixes.isEmpty else {
            let ranges = missing.map(\.description).joined(separator: ", ")
            throw pod.origin.error(
                "node \(name) has no address left\(ranges.isEmpty ? "" : " in \(ranges)") for pod \(pod.name);"
                    + " give the node a larger podCIDR or other nodes some of the pods")
        }
        taken.formUnion(addresses)
        return addresses
    }
}
