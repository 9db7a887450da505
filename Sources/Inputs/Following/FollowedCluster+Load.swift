import Model

/// How objects come and go, and are found again. Nothing is worked out here.
extension FollowedCluster {
    /// Adds an object, or replaces the one of its kind and name.
    mutating func put(_ item: KubernetesItem) {
        switch item {
        case .pod(let pod): put(pod)
        case .endpoints(let object): put(object)
        case .service(let service): put(service)
        case .controller(let controller):
            removeController(controller.key)
            objects.apply(item)
            controllersBySelector.insert(
                controller.key, namespace: controller.key.name.namespace, selector: controller.selector)
        case .ignored(let kind, let name, let origin): ignored[kind, default: [:]][name] = origin
        case .authorizationPolicy(let policy):
            objects.apply(item)
            if let selector = policy.attachment { learnLabels(of: selector) }
        case .namespace, .node, .nodeInfo, .peerAuthentication, .named: objects.apply(item)
        }
    }

    /// Takes an object out.
    mutating func remove(_ key: ObjectKey) {
        switch key.kind {
        case .pod: removePod(key.name)
        case .endpointSlice, .endpoints: removeEndpoints(key)
        case .service: removeService(key.name)
        case .deployment, .statefulSet, .daemonSet, .replicaSet, .job: removeController(key)
        case .namespace, .node, .nodeInfo, .authorizationPolicy, .peerAuthentication, .serviceAccount, .cronJob:
            removeFromObjects(key)
        }
    }

    /// Takes an object of an unknown kind out.
    mutating func removeIgnored(kind: String, _ name: KubernetesName) {
        ignored[kind]?[name] = nil
        if ignored[kind]?.isEmpty ?? false { ignored[kind] = nil }
    }

    private mutating func removeFromObjects(_ key: ObjectKey) {
        objects.remove(kind: key.kind, namespace: key.name.namespace, name: key.name.name)
    }

    // MARK: Pods

    private mutating func put(_ pod: KubernetesPod) {
        let pod = sharingWithEndpoints(pod)
        if let number = pods.number(of: pod.name), let old = pods[number] {
            if old.metadata.labels != pod.metadata.labels {
                index(old, number, keys: labelKeys, isThere: false)
                index(pod, number, keys: labelKeys, isThere: true)
            }
            find(old, number, isThere: false)
            find(pod, number, isThere: true)
            pods.set(pod)
            return
        }
        let number = pods.set(pod)
        index(pod, number, keys: labelKeys, isThere: true)
        find(pod, number, isThere: true)
        if number >= workloads.count { workloads.append(nil) }
    }

    private mutating func removePod(_ name: KubernetesName) {
        guard let number = pods.number(of: name), let pod = pods[number] else { return }
        index(pod, number, keys: labelKeys, isThere: false)
        find(pod, number, isThere: false)
        pods.remove(name)
    }

    /// Keeps the pods of nodes and addresses.
    private mutating func find(_ pod: KubernetesPod, _ number: UInt32, isThere: Bool) {
        for address in Set(pod.listedAddresses) {
            let hash = CandidateIndex.hash(address)
            if isThere { podsByAddress.insert(number, for: hash) } else { podsByAddress.remove(number, for: hash) }
        }
        let node = pod.spec.nodeName
        guard !node.isEmpty, !pod.isOver else { return }
        hosts[node, default: HostPods()].count(pod.status?.hostAddresses ?? [], by: isThere ? 1 : -1)
        if hosts[node]?.count == 0 { hosts[node] = nil }
    }

    /// Keeps the pods of labels.
    private mutating func index(_ pod: KubernetesPod, _ number: UInt32, keys: Set<String>, isThere: Bool) {
        for (key, value) in pod.metadata.labels where keys.contains(key) {
            let hash = CandidateIndex.hash(pod.name.namespace, key, value)
            if isThere { podsByLabel.insert(number, for: hash) } else { podsByLabel.remove(number, for: hash) }
        }
    }

    /// Indexes all pods by the labels of a selector that no selector asked for before.
    private mutating func learnLabels(of selector: LabelSelector) {
        let new = Set(selector.labels.keys).subtracting(labelKeys)
        guard !new.isEmpty else { return }
        labelKeys.formUnion(new)
        for number in pods.numbers {
            if let pod = pods[number] { index(pod, number, keys: new, isThere: true) }
        }
    }

    /// The pods that a selector of a service or a policy selects.
    func pods(in namespace: String, selectedBy selector: LabelSelector) -> [UInt32] {
        let hashes = selector.labels.map { CandidateIndex.hash(namespace, $0.key, $0.value) }
        guard let rarest = hashes.min(by: { podsByLabel.count($0) < podsByLabel.count($1) }) else { return [] }
        return podsByLabel.candidates(rarest).filter { number in
            guard let pod = pods[number] else { return false }
            return pod.name.namespace == namespace && selector.matches(pod.metadata.labels)
        }
    }

    /// The pods that list an AuthorizationPolicy.
    func pods(selectedBy policy: KubernetesAuthorizationPolicy) -> [UInt32] {
        guard let selector = policy.attachment else { return [] }
        guard policy.name.namespace == settings.rootNamespace else {
            return pods(in: policy.name.namespace, selectedBy: selector)
        }
        return pods.numbers.filter { number in pods[number].map { selector.matches($0.metadata.labels) } ?? false }
    }

    // MARK: Services and controllers

    private mutating func put(_ service: KubernetesService) {
        let old = objects.services[service.name]
        objects.apply(.service(service))
        guard old?.selector != service.selector else { return }
        if let old { unindex(old) }
        learnLabels(of: service.selector)
        servicesBySelector.insert(service.name, namespace: service.name.namespace, selector: service.selector)
    }

    private mutating func removeService(_ name: KubernetesName) {
        if let old = objects.services[name] { unindex(old) }
        removeFromObjects(ObjectKey(kind: .service, name: name))
    }

    private mutating func unindex(_ service: KubernetesService) {
        servicesBySelector.remove(service.name, namespace: service.name.namespace, selector: service.selector)
    }

    private mutating func removeController(_ key: ObjectKey) {
        guard let old = objects.controllers[key] else { return }
        controllersBySelector.remove(key, namespace: key.name.namespace, selector: old.selector)
        removeFromObjects(key)
    }

    // MARK: Endpoints

    private mutating func put(_ object: KubernetesEndpoints) {
        if let old = endpoints.number(of: object.key) { index(old, isThere: false) }
        var object = object
        object.share(with: &strings)
        index(endpoints.set(sharingWithPods(object)), isThere: true)
    }

    /// The same object, sharing the names and addresses of the pods that it lists with them.
    private func sharingWithPods(_ object: KubernetesEndpoints) -> KubernetesEndpoints {
        var object = object
        for group in object.groups.indices {
            // The new lists have no room to grow, unlike those that were read.
            object.groups[group].endpoints = object.groups[group].endpoints.map { endpoint in
                guard let name = endpoint.pod, let pod = pods.number(of: name).flatMap({ pods[$0] }) else {
                    return endpoint
                }
                var endpoint = endpoint
                endpoint.pod = pod.name
                if let addresses = pod.status?.addresses, endpoint.addresses == addresses {
                    endpoint.addresses = addresses
                }
                return endpoint
            }
        }
        return object
    }

    /// The same pod, sharing its name and addresses with an object that lists it.
    private func sharingWithEndpoints(_ pod: KubernetesPod) -> KubernetesPod {
        for number in endpointsByPod.candidates(CandidateIndex.hash(pod.name)) {
            for group in endpoints[number]?.groups ?? [] {
                guard let endpoint = group.endpoints.first(where: { $0.pod == pod.name }) else { continue }
                var pod = pod
                pod.name = endpoint.pod ?? pod.name
                if pod.status?.addresses == endpoint.addresses { pod.status?.addresses = endpoint.addresses }
                return pod
            }
        }
        return pod
    }

    private mutating func removeEndpoints(_ key: ObjectKey) {
        guard let number = endpoints.number(of: key) else { return }
        index(number, isThere: false)
        endpoints.remove(key)
    }

    private mutating func index(_ number: UInt32, isThere: Bool) {
        guard let object = endpoints[number] else { return }
        for endpoint in object.groups.lazy.flatMap(\.endpoints) {
            if let pod = endpoint.pod {
                Self.keep(number, for: CandidateIndex.hash(pod), isThere, in: &endpointsByPod)
                continue
            }
            for address in endpoint.addresses {
                Self.keep(number, for: CandidateIndex.hash(address), isThere, in: &endpointsByAddress)
            }
        }
        guard let service = object.service else { return }
        var all = endpointsByService[service, default: []].filter { $0 != number }
        if isThere {
            let place = all.firstIndex { endpoints[$0].map { object.key < $0.key } ?? false }
            all.insert(number, at: place ?? all.count)
        }
        endpointsByService[service] = all.isEmpty ? nil : all
    }

    private static func keep(_ number: UInt32, for hash: UInt32, _ isThere: Bool, in index: inout CandidateIndex) {
        if isThere { index.insert(number, for: hash) } else { index.remove(number, for: hash) }
    }
}

extension KubernetesEndpoints {
    /// Shares the names of nodes, zones and namespaces with others.
    fileprivate mutating func share(with strings: inout RecentValues<String>) {
        for group in groups.indices {
            for index in groups[group].endpoints.indices {
                let endpoint = groups[group].endpoints[index]
                groups[group].endpoints[index].node = strings.share(endpoint.node)
                groups[group].endpoints[index].zone = strings.share(endpoint.zone)
                if let pod = endpoint.pod {
                    groups[group].endpoints[index].pod?.namespace = strings.share(pod.namespace)
                }
            }
        }
    }
}
