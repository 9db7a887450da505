import Model

/// What has to be worked out again.
struct TouchedObjects {
    var nodes: Set<String> = []
    var services: Set<KubernetesName> = []
    /// Objects whose endpoints that are no pods have to be worked out again.
    var endpoints: Set<UInt32> = []
    var pods: Set<UInt32> = []
    /// AuthorizationPolicies.
    var policies: Set<KubernetesName> = []
}

extension FollowedCluster {
    /// Applies a step as a whole, and notes what it does to the mesh.
    /// - Parameter keys: What goes; none of it is among the items.
    mutating func apply(
        setting items: [KubernetesItem], removing keys: [FollowedKey], into delta: inout MeshDelta
    ) {
        for case .ignored(let kind, let name) in keys { removeIgnored(kind: kind, name) }
        let gone = keys.compactMap(\.objectKey)
        guard !items.isEmpty || !gone.isEmpty else { return }
        let isFarReaching = gone.contains { $0.kind.reachesFar } || items.contains { $0.key?.kind.reachesFar ?? false }
        // Whatever is touched before or after the step is touched by it.
        var touched = TouchedObjects()
        let all = gone + items.compactMap(\.key)
        if !isFarReaching { for key in all { touch(key, items, &touched) } }
        let policiesBefore = all.compactMap { key in policy(of: key) }
        let before = all.compactMap { key in endpoints.number(of: key) }
        for number in before { noteOthers(listedIn: number, into: &delta) }
        for key in gone {
            if key.kind == .pod, let number = pods.number(of: key.name) { set(nil, ofPod: number, into: &delta) }
            if let number = endpoints.number(of: key) { set([], listedIn: number, into: &delta) }
            remove(key)
        }
        for item in items { put(item) }
        guard !isFarReaching else {
            join(into: &delta, removedServices: gone.filter { $0.kind == .service }.map(\.name))
            return
        }
        for key in all { touch(key, items, &touched) }
        touchPods(of: all.filter { $0.kind == .authorizationPolicy }, before: policiesBefore, &touched)
        touched.endpoints.formUnion(before)
        workOut(touched, into: &delta)
    }

    /// Works everything out.
    mutating func join(into delta: inout MeshDelta, removedServices: [KubernetesName] = []) {
        controllerNodes = Set(objects.controllers.values.map(\.podSpec.nodeName)).subtracting([""])
        var touched = TouchedObjects()
        touched.nodes = Set(nodes.keys).union(hosts.keys).union(controllerNodes).union(objects.nodes.keys)
        touched.nodes.formUnion(objects.nodeInfos.keys)
        touched.nodes.formUnion(objects.givenNodes.keys)
        workOut(touched, into: &delta)
        regions = [:]
        for node in nodes.values.sorted(by: { $0.name < $1.name }) where regions[node.locality.zone] == nil {
            regions[node.locality.zone] = node.locality.region
        }
        touched = TouchedObjects()
        touched.services = Set(objects.services.keys).union(removedServices)
        touched.endpoints = Set(endpoints.numbers)
        touched.pods = Set(pods.numbers)
        workOut(touched, into: &delta)
        let all = objects.policies.policies(settings)
        for name in Set(policies.keys).union(all.keys) { set(all[name], named: name, into: &delta) }
    }

    private mutating func workOut(_ touched: TouchedObjects, into delta: inout MeshDelta) {
        for name in touched.nodes {
            let new = node(named: name)
            guard nodes[name] != new else { continue }
            delta.nodes.note(name, from: nodes[name], to: new)
            nodes[name] = new
        }
        for name in touched.services {
            let (meshName, new) = (settings.serviceName(of: name), service(of: name))
            guard services[meshName] != new else { continue }
            delta.services.note(meshName, from: services[meshName], to: new)
            services[meshName] = new
        }
        for number in touched.endpoints {
            set(otherWorkloads(listedIn: number), listedIn: number, into: &delta)
        }
        for number in touched.pods {
            let workload = workload(ofPod: number)
            if let workload, workload == workloads[Int(number)] { continue }
            set(workload.map { pool.share($0) }, ofPod: number, into: &delta)
        }
        for name in touched.policies {
            set(objects.policies.policy(of: name, settings), named: "\(name.namespace)/\(name.name)", into: &delta)
        }
    }

    private mutating func set(_ new: Policy?, named name: String, into delta: inout MeshDelta) {
        guard policies[name] != new else { return }
        delta.policies.note(name, from: policies[name], to: new)
        policies[name] = new
    }

    private mutating func set(_ new: Workload?, ofPod number: UInt32, into delta: inout MeshDelta) {
        let old = workloads[Int(number)]
        guard old != new else { return }
        // Another pod may have got the number of one that is gone.
        if let old, old.uid != new?.uid { delta.workloads.note(old.uid, from: old, to: nil) }
        if let new { delta.workloads.note(new.uid, from: old?.uid == new.uid ? old : nil, to: new) }
        workloads[Int(number)] = new
    }

    /// Notes how the endpoints that are no pods are before the step: whose they are, is known only then.
    private func noteOthers(listedIn number: UInt32, into delta: inout MeshDelta) {
        guard let name = endpoints[number]?.key.name else { return }
        for workload in otherWorkloads[number] ?? [] {
            let known = otherWorkload(workload.uid, listedIn: name)
            delta.workloads.note(workload.uid, from: known, to: known)
        }
    }

    private mutating func set(_ new: [Workload], listedIn number: UInt32, into delta: inout MeshDelta) {
        let old = otherWorkloads[number] ?? []
        guard old != new, let name = endpoints[number]?.key.name else { return }
        let uids = Set(old.map(\.uid)).union(new.map(\.uid))
        for uid in uids { delta.workloads.note(uid, from: otherWorkload(uid, listedIn: name), to: nil) }
        otherWorkloads[number] = new.isEmpty ? nil : new
        for uid in uids { delta.workloads.note(uid, from: nil, to: otherWorkload(uid, listedIn: name)) }
    }
}

/// What an object has to do with, as things are.
extension FollowedCluster {
    /// - Parameter items: The objects that come with the step.
    private func touch(_ key: ObjectKey, _ items: [KubernetesItem], _ touched: inout TouchedObjects) {
        switch key.kind {
        case .pod:
            guard let number = pods.number(of: key.name), let pod = pods[number] else { return }
            touch(pod, number, &touched)
        case .endpoints, .endpointSlice:
            guard let number = endpoints.number(of: key), let service = endpoints[number]?.service else { return }
            touchEndpoints(of: service, &touched)
        case .service:
            touched.services.insert(key.name)
            touchEndpoints(of: key.name, &touched)
        case .authorizationPolicy: touched.policies.insert(key.name)
        case .namespace, .node, .nodeInfo, .deployment, .statefulSet, .daemonSet, .replicaSet, .job, .serviceAccount,
            .cronJob, .peerAuthentication:
            break
        }
    }

    private func touch(_ pod: KubernetesPod, _ number: UInt32, _ touched: inout TouchedObjects) {
        touched.pods.insert(number)
        if !pod.spec.nodeName.isEmpty { touched.nodes.insert(pod.spec.nodeName) }
        for address in pod.listedAddresses {
            // Others may have the address, or lend it an endpoint that names several.
            let hash = CandidateIndex.hash(address)
            touched.pods.formUnion(podsByAddress.candidates(hash))
            for object in endpointsByAddress.candidates(hash) {
                touched.endpoints.insert(object)
                for endpoint in endpoints[object]?.groups.lazy.flatMap(\.endpoints) ?? [] {
                    guard endpoint.addresses.contains(address) else { continue }
                    for other in endpoint.addresses { touched.pods.formUnion(candidates(at: other)) }
                }
            }
        }
    }

    private func policy(of key: ObjectKey) -> KubernetesAuthorizationPolicy? {
        key.kind == .authorizationPolicy ? objects.policies.authorization[key.name] : nil
    }

    /// The pods that list a policy, or listed it before, where that is not the same. Pods that come, go or change their
    /// labels in the step are touched by that.
    private func touchPods(
        of keys: [ObjectKey], before: [KubernetesAuthorizationPolicy], _ touched: inout TouchedObjects
    ) {
        for key in keys {
            let (old, new) = (before.first { $0.name == key.name }, policy(of: key))
            guard old?.attachment != new?.attachment else { continue }
            for policy in [old, new] { touched.pods.formUnion(policy.map(pods(selectedBy:)) ?? []) }
        }
    }

    private func candidates(at address: IPAddress) -> [UInt32] {
        podsByAddress.candidates(CandidateIndex.hash(address))
    }

    /// Everything that is or might be an endpoint of a service.
    private func touchEndpoints(of service: KubernetesName, _ touched: inout TouchedObjects) {
        let all = endpointsByService[service] ?? []
        touched.endpoints.formUnion(all)
        for number in all {
            for endpoint in endpoints[number]?.groups.lazy.flatMap(\.endpoints) ?? [] {
                if let name = endpoint.pod {
                    if let pod = pods.number(of: name) { touched.pods.insert(pod) }
                } else {
                    for address in endpoint.addresses { touched.pods.formUnion(candidates(at: address)) }
                }
            }
        }
        if let object = objects.services[service] {
            touched.pods.formUnion(pods(in: service.namespace, selectedBy: object.selector))
        }
    }
}

extension KubernetesKind {
    /// Whether an object of the kind has to do with so much that everything is worked out again.
    fileprivate var reachesFar: Bool {
        switch self {
        case .namespace, .node, .nodeInfo, .deployment, .statefulSet, .daemonSet, .replicaSet, .job,
            .peerAuthentication:
            true
        case .serviceAccount, .service, .cronJob, .pod, .endpoints, .endpointSlice, .authorizationPolicy: false
        }
    }
}

extension FollowedKey {
    fileprivate var objectKey: ObjectKey? {
        if case .object(let key) = self { return key }
        return nil
    }
}
