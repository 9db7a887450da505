import Model

/// Joins services with their endpoints: by selector, or by EndpointSlices and Endpoints where a service has any.
struct ServiceEndpoints {
    private(set) var pods: [MeshPod]
    /// Endpoints that are no pods.
    private(set) var others: [Workload] = []
    private(set) var notes: [InputNote] = []
    private let nodes: ClusterNodes
    private let settings: KubernetesSettings
    private var podsByName: [KubernetesName: Int] = [:]
    private var podsByAddress: [IPAddress: Int] = [:]

    /// - Parameters:
    ///   - services: In the order in which they are joined.
    ///   - endpoints: By service, EndpointSlices before Endpoints.
    init(
        pods: [MeshPod], services: [KubernetesService], endpoints: [KubernetesName: [KubernetesEndpoints]],
        nodes: ClusterNodes, settings: KubernetesSettings
    ) {
        self.pods = pods
        self.nodes = nodes
        self.settings = settings
        var index = LabelIndex(for: services.lazy.map(\.selector))
        for (number, pod) in pods.enumerated() {
            podsByName[pod.name] = number
            index.insert(number, namespace: pod.name.namespace, labels: pod.metadata.labels)
            // The address of a node says nothing about a pod.
            if !pod.spec.usesHostNetwork { for address in pod.addresses { podsByAddress[address] = number } }
        }
        for service in services {
            let serviceName = settings.serviceName(of: service.name)
            if let listed = endpoints[service.name] {
                for object in listed { join(service, named: serviceName, with: object) }
                continue
            }
            for number in index.numbers(namespace: service.name.namespace, selectedBy: service.selector) {
                self.pods[number].services[serviceName] = service.ports(on: self.pods[number].spec)
            }
        }
    }

    private mutating func join(
        _ service: KubernetesService, named serviceName: ServiceName, with object: KubernetesEndpoints
    ) {
        var seen: Set<IPAddress> = []
        for group in object.groups {
            let ports = service.ports(listed: group.ports)
            for endpoint in group.endpoints {
                if let number = pod(of: endpoint) {
                    var known = pods[number].services[serviceName] ?? []
                    for port in ports where !known.contains(port) { known.append(port) }
                    pods[number].services[serviceName] = known
                    if !endpoint.isReady { pods[number].health = .unhealthy }
                } else if let pod = endpoint.pod {
                    notes.append(object.note(onMissingPod: pod))
                } else if let address = endpoint.addresses.first, seen.insert(address).inserted {
                    let locality = endpoint.locality(node: nodes[endpoint.node], ofZone: nodes.locality)
                    others.append(
                        object.workload(
                            of: endpoint, at: address, locality: locality, services: [serviceName: ports],
                            settings: settings))
                }
            }
        }
    }

    private func pod(of endpoint: KubernetesEndpoints.Endpoint) -> Int? {
        if let name = endpoint.pod { return podsByName[name] }
        return endpoint.addresses.lazy.compactMap { podsByAddress[$0] }.first
    }
}
