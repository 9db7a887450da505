import Model

/// What each object comes to, from what it has to do with.
extension FollowedCluster {
    // MARK: Nodes

    /// A node, nil when nothing says that it is there.
    func node(named name: String) -> Node? {
        let (given, object, host) = (objects.givenNodes[name], objects.nodes[name], hosts[name])
        let info = objects.nodeInfos[name]
        guard given != nil || object != nil || info != nil || host != nil || controllerNodes.contains(name) else {
            return nil
        }
        let known = [given?.addresses, object?.addresses, info?.encryption.addresses]
        let isAddressed = known.contains { $0?.isEmpty == false }
        let told = isAddressed ? [] : host?.agreed ?? addressesToldByPods(on: name)
        return ClusterNodes.node(name, given: given, object: object, info: info, addresses: told, settings: settings)
    }

    /// The addresses of a node that its pods tell differently: in the order of the pods' names. Looks at all pods.
    private func addressesToldByPods(on node: String) -> [IPAddress] {
        let there = pods.numbers.compactMap { pods[$0] }.filter { $0.spec.nodeName == node && !$0.isOver }
        return there.sorted { $0.name < $1.name }.reduce(into: []) { known, pod in
            known += pod.status?.hostAddresses.filter { [known] in !known.contains($0) } ?? []
        }
    }

    /// The locality of a zone: with its region, where a node tells.
    private func locality(ofZone zone: String) -> Locality {
        Locality(region: regions[zone] ?? "", zone: zone)
    }

    // MARK: Services

    /// The service that an object comes to, nil when there is none.
    func service(of name: KubernetesName) -> Service? {
        guard let object = objects.services[name], object.isInMesh(settings) else { return nil }
        var addresses: [IPAddress] = []
        if case .given(let given) = object.addressing { addresses = given }
        return object.service(
            named: settings.serviceName(of: name), addresses: addresses, settings: settings,
            namespace: objects.namespaces[name.namespace])
    }

    /// The objects that list a service's endpoints: its EndpointSlices, or without any its Endpoints.
    func listed(_ service: KubernetesName) -> [UInt32] {
        guard let all = endpointsByService[service], objects.services[service] != nil else { return [] }
        let slices = all.filter { endpoints[$0]?.key.kind == .endpointSlice }
        return slices.isEmpty ? all : slices
    }

    /// The service that an object lists endpoints of, where it counts.
    func servedService(_ number: UInt32) -> KubernetesService? {
        guard let name = endpoints[number]?.service, let service = objects.services[name],
            service.isInMesh(settings), listed(name).contains(number)
        else { return nil }
        return service
    }

    // MARK: Endpoints

    /// The pod with an address, but for those in their node's network. The last one by name, if there are several.
    func pod(at address: IPAddress) -> UInt32? {
        let candidates = podsByAddress.candidates(CandidateIndex.hash(address)).filter { number in
            pods[number]?.listedAddresses.contains(address) ?? false
        }
        guard candidates.count > 1 else { return candidates.first }
        return candidates.max { a, b in
            guard let a = pods[a], let b = pods[b] else { return false }
            return a.name < b.name
        }
    }

    /// The pod behind an endpoint, nil where it is none or not there.
    func pod(of endpoint: KubernetesEndpoints.Endpoint) -> UInt32? {
        guard let name = endpoint.pod else { return endpoint.addresses.lazy.compactMap { pod(at: $0) }.first }
        return pods.number(of: name).flatMap { pods[$0]?.isInMesh ?? false ? $0 : nil }
    }

    /// The workloads of the endpoints that are no pods.
    func otherWorkloads(listedIn number: UInt32) -> [Workload] {
        guard let object = endpoints[number], let service = servedService(number) else { return [] }
        let serviceName = settings.serviceName(of: service.name)
        var seen: Set<IPAddress> = []
        var others: [Workload] = []
        for group in object.groups {
            let ports = service.ports(listed: group.ports)
            for endpoint in group.endpoints where endpoint.pod == nil && pod(of: endpoint) == nil {
                guard let address = endpoint.addresses.first, seen.insert(address).inserted else { continue }
                let locality = endpoint.locality(node: nodes[endpoint.node], ofZone: locality)
                others.append(
                    object.workload(
                        of: endpoint, at: address, locality: locality, services: [serviceName: ports],
                        settings: settings))
            }
        }
        return others
    }

    // MARK: Pods

    /// The workload of a pod, nil when it takes no part.
    func workload(ofPod number: UInt32) -> Workload? {
        guard let pod = pods[number], pod.isInMesh, let status = pod.status else { return nil }
        var meshPod = MeshPod(pod, status: status, owner: owner(of: pod))
        joinSelecting(pod, to: &meshPod)
        joinListing(number, pod, to: &meshPod)
        let gateway = waypoint(
            for: pod.metadata, in: pod.name, namespace: objects.namespaces[pod.name.namespace], settings: settings)
        return meshPod.workload(
            settings: settings, locality: nodes[pod.spec.nodeName]?.locality ?? Locality(), waypoint: gateway,
            policies: objects.policies.names(selecting: pod.metadata.labels, in: pod.name.namespace, settings))
    }

    /// Adds the services that select the pod, and whose endpoints nobody lists.
    private func joinSelecting(_ pod: KubernetesPod, to meshPod: inout MeshPod) {
        let labels = pod.metadata.labels
        for name in servicesBySelector.candidates(namespace: pod.name.namespace, labels: labels) {
            guard let service = objects.services[name], service.isInMesh(settings),
                service.selector.matches(labels), listed(name).isEmpty
            else { continue }
            meshPod.services[settings.serviceName(of: name)] = service.ports(on: pod.spec)
        }
    }

    /// Adds the services that list the pod.
    private func joinListing(_ number: UInt32, _ pod: KubernetesPod, to meshPod: inout MeshPod) {
        var candidates = Set(endpointsByPod.candidates(CandidateIndex.hash(pod.name)))
        for address in pod.listedAddresses {
            candidates.formUnion(endpointsByAddress.candidates(CandidateIndex.hash(address)))
        }
        let objects = candidates.compactMap { number in endpoints[number].map { (number: number, object: $0) } }
        for (objectNumber, object) in objects.sorted(by: { $0.object.key < $1.object.key }) {
            guard let service = servedService(objectNumber) else { continue }
            let serviceName = settings.serviceName(of: service.name)
            for group in object.groups {
                for endpoint in group.endpoints {
                    let isNamed = endpoint.pod.map { $0 == pod.name } ?? false
                    guard isNamed || endpoint.pod == nil && self.pod(of: endpoint) == number else { continue }
                    var known = meshPod.services[serviceName] ?? []
                    for port in service.ports(listed: group.ports) where !known.contains(port) { known.append(port) }
                    meshPod.services[serviceName] = known
                    if !endpoint.isReady { meshPod.health = .unhealthy }
                }
            }
        }
    }

    /// The owner of a pod, nil when it is on its own.
    private func owner(of pod: KubernetesPod) -> KubernetesMetadata.Owner? {
        let chain = OwnerChain(controllers: objects.controllers)
        if let direct = pod.metadata.owner {
            return chain.top(of: direct, labels: pod.metadata.labels, namespace: pod.name.namespace)
        }
        return controllers(selecting: pod).min { $0.key < $1.key }.map(chain.owner)
    }

    /// The controllers whose selectors a pod fits.
    func controllers(selecting pod: KubernetesPod) -> [KubernetesController] {
        controllersBySelector.candidates(namespace: pod.name.namespace, labels: pod.metadata.labels)
            .compactMap { objects.controllers[$0] }.filter { $0.selector.matches(pod.metadata.labels) }
    }
}

extension KubernetesPod {
    /// Whether the pod takes part in the mesh, where nothing is invented.
    var isInMesh: Bool { !isOver && !(status?.addresses.isEmpty ?? true) }

    /// The addresses by which it is an endpoint. The address of a node says nothing about a pod.
    var listedAddresses: [IPAddress] { isInMesh && !spec.usesHostNetwork ? status?.addresses ?? [] : [] }
}
