import Model

/// What a cluster's objects come to.
public struct KubernetesSnapshot: Sendable {
    /// Nodes, services, workloads and policies.
    public var mesh: Mesh
    /// The workloads that Kmesh manages by their labels.
    public var enrolled: Set<WorkloadUID>
    /// What was left out, by file and position.
    public var notes: [InputNote]
}

extension KubernetesCluster {
    /// The mesh of the objects as they are now, and what goes with it. Linear in the objects.
    /// - Throws: when a node or the services run out of addresses; then nothing changes.
    public mutating func snapshot() throws(InputError) -> KubernetesSnapshot {
        var (placement, virtualAddresses) = (placement, virtualAddresses)
        let realPods = pods.values.sorted { $0.name < $1.name }
        let owners = PodOwners(of: realPods, controllers: controllers)
        var clusterNodes = ClusterNodes(
            objects: nodes, infos: nodeInfos, given: givenNodes, named: namedNodes(in: realPods), settings: settings)
        var taken = realAddresses(on: clusterNodes)

        placement.keep { controllers[$0] != nil }
        var notes = ignoredNotes
        var implied: [ImpliedPod] = []
        switch settings.unknownAddresses {
        case .invented:
            implied =
                ImpliedPods(
                    controllers: Array(controllers.values), realPods: realPods, owners: owners, nodes: clusterNodes,
                    placement: &placement
                ).pods
        case .leftOut: notes += controllers.values.filter(owners.impliesPods).compactMap(\.leftOutNote)
        }
        notes += try placement.place(implied, on: &clusterNodes, avoiding: &taken)
        notes += selectorNotes(of: implied, on: clusterNodes)
        let meshPods = meshPods(
            real: realPods, implied: implied, owners: owners, placement: placement, nodes: clusterNodes, notes: &notes)

        let meshServices = services.values.filter { $0.isInMesh(settings) }.sorted { $0.name < $1.name }
        for service in services.values { notes += service.notes(settings) }
        let addresses = try addresses(
            of: meshServices, from: &virtualAddresses, families: clusterNodes.podFamilies, avoiding: &taken)
        let joined = ServiceEndpoints(
            pods: meshPods, services: meshServices, endpoints: endpointsByService(notes: &notes), nodes: clusterNodes,
            settings: settings)
        notes += joined.notes

        var snapshot = KubernetesSnapshot(mesh: Mesh(), enrolled: [], notes: [])
        for node in clusterNodes.nodes { snapshot.mesh.nodes[node.name] = node }
        for service in meshServices {
            let name = settings.serviceName(of: service.name)
            snapshot.mesh.services[name] = service.service(
                named: name, addresses: addresses[service.name] ?? [], settings: settings,
                namespace: namespaces[service.name.namespace])
        }
        add(joined, to: &snapshot, nodes: clusterNodes)
        snapshot.mesh.policies = policies.policies(settings)
        notes += policies.notes(settings)
        snapshot.notes = notes.sorted()
        (self.placement, self.virtualAddresses) = (placement, virtualAddresses)
        return snapshot
    }

    /// Nodes that pods are on, with the addresses that pods know of them.
    private func namedNodes(in pods: [KubernetesPod]) -> [String: [IPAddress]] {
        var named: [String: [IPAddress]] = [:]
        for pod in pods where !pod.spec.nodeName.isEmpty && !pod.isOver {
            let known = named[pod.spec.nodeName] ?? []
            let more = pod.status?.hostAddresses.filter { !known.contains($0) } ?? []
            named[pod.spec.nodeName] = known + more
        }
        for controller in controllers.values where !controller.podSpec.nodeName.isEmpty {
            named[controller.podSpec.nodeName] = named[controller.podSpec.nodeName] ?? []
        }
        return named
    }

    /// Addresses that objects give, which are never handed out.
    private func realAddresses(on nodes: ClusterNodes) -> Set<IPAddress> {
        var taken = Set(nodes.nodes.flatMap(\.addresses))
        for node in nodes.nodes { if let gateway = node.podGateway { taken.insert(gateway) } }
        for pod in pods.values where !pod.isOver { taken.formUnion(pod.status?.addresses ?? []) }
        for service in services.values {
            if case .given(let addresses) = service.addressing { taken.formUnion(addresses) }
        }
        return taken
    }

    /// The pods that take part, by name: objects and implied ones.
    private func meshPods(
        real: [KubernetesPod], implied: [ImpliedPod], owners: PodOwners, placement: PodPlacement, nodes: ClusterNodes,
        notes: inout [InputNote]
    ) -> [MeshPod] {
        var meshPods: [MeshPod] = []
        for pod in real where !pod.isOver {
            guard let status = pod.status, !status.addresses.isEmpty else {
                // Without a status it is among the implied ones, unless nothing is invented.
                let isLeftOut = pod.status != nil || settings.unknownAddresses == .leftOut
                if isLeftOut { notes.append(pod.leftOutNote) }
                continue
            }
            meshPods.append(MeshPod(pod, status: status, owner: owners.owner(of: pod)))
        }
        for pod in implied {
            guard let place = placement[pod.name] else { continue }
            guard let meshPod = MeshPod(pod, at: place, on: nodes[place.node]) else {
                notes.append(
                    pod.origin.note(
                        "pod \(pod.name) is left out: it uses the network of node \(place.node), which has no address"))
                continue
            }
            meshPods.append(meshPod)
        }
        return meshPods.sorted { $0.name < $1.name }
    }

    /// Notes on node labels that pods select but no node has.
    private func selectorNotes(of pods: [ImpliedPod], on nodes: ClusterNodes) -> Set<InputNote> {
        var notes: Set<InputNote> = []
        for pod in pods where !pod.spec.nodeSelector.isEmpty {
            for key in nodes.unknownKeys(of: pod.spec) {
                notes.insert(pod.origin.note("node selector \(key) is ignored: no node has this label"))
            }
        }
        return notes
    }

    /// The virtual addresses of each service that has any.
    private func addresses(
        of services: [KubernetesService], from pool: inout VirtualAddresses, families: Set<AddressFamily>,
        avoiding taken: inout Set<IPAddress>
    ) throws(InputError) -> [KubernetesName: [IPAddress]] {
        var result: [KubernetesName: [IPAddress]] = [:]
        pool.keep { name in self.services[name]?.addressing == .virtual }
        let (known, new) = (services.filter { pool.isKnown($0.name) }, services.filter { !pool.isKnown($0.name) })
        for service in known + new {
            switch service.addressing {
            case .given(let addresses): result[service.name] = addresses
            case .none: break
            case .virtual:
                let wanted = service.virtualFamilies(available: families)
                guard let addresses = pool.addresses(of: service.name, families: wanted, avoiding: &taken) else {
                    throw service.origin.error("no virtual address is left for service \(service.name)")
                }
                result[service.name] = addresses
            }
        }
        return result
    }

    /// The objects that list each service's endpoints: its EndpointSlices, or without any its Endpoints.
    private func endpointsByService(notes: inout [InputNote]) -> [KubernetesName: [KubernetesEndpoints]] {
        var result: [KubernetesName: [KubernetesEndpoints]] = [:]
        for object in endpoints.values.sorted(by: { $0.key < $1.key }) {
            notes += object.notes
            guard let service = object.service else { continue }
            guard services[service] != nil else {
                notes.append(object.note(onMissing: service))
                continue
            }
            result[service, default: []].append(object)
        }
        return result.mapValues { objects in
            let slices = objects.filter { $0.key.kind == .endpointSlice }
            return slices.isEmpty ? objects : slices
        }
    }

    private func add(_ joined: ServiceEndpoints, to snapshot: inout KubernetesSnapshot, nodes: ClusterNodes) {
        for pod in joined.pods {
            let namespace = namespaces[pod.name.namespace]
            let gateway = waypoint(for: pod.metadata, in: pod.name, namespace: namespace, settings: settings)
            let workload = pod.workload(
                settings: settings, locality: nodes[pod.node]?.locality ?? Locality(), waypoint: gateway,
                policies: policies.names(selecting: pod.metadata.labels, in: pod.name.namespace, settings))
            snapshot.mesh.workloads[workload.uid] = workload
            let isEnrolled = Enrolment.isEnrolled(
                namespaceLabels: namespace?.metadata.labels ?? [:], podLabels: pod.metadata.labels,
                podAnnotations: pod.metadata.annotations, isHostNetwork: pod.spec.usesHostNetwork)
            if isEnrolled { snapshot.enrolled.insert(workload.uid) }
        }
        for workload in joined.others { snapshot.mesh.workloads[workload.uid] = workload }
    }
}
