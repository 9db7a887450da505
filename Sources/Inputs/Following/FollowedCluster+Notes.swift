import Model

/// What is asked for rarely, and looks at everything.
extension FollowedCluster {
    /// The workloads whose labels ask for Kmesh.
    var enrolled: Set<WorkloadUID> {
        var enrolled: Set<WorkloadUID> = []
        for number in pods.numbers {
            guard let pod = pods[number], let workload = workloads[Int(number)], isEnrolled(pod) else { continue }
            enrolled.insert(workload.uid)
        }
        return enrolled
    }

    private func isEnrolled(_ pod: KubernetesPod) -> Bool {
        Enrolment.isEnrolled(
            namespaceLabels: objects.namespaces[pod.name.namespace]?.metadata.labels ?? [:],
            podLabels: pod.metadata.labels, podAnnotations: pod.metadata.annotations,
            isHostNetwork: pod.spec.usesHostNetwork)
    }

    /// What was left out, in no order.
    var notes: [InputNote] {
        var notes: [InputNote] = []
        for number in pods.numbers {
            guard let pod = pods[number], !pod.isOver, !pod.isInMesh else { continue }
            notes.append(pod.leftOutNote)
        }
        for service in objects.services.values { notes += service.notes(settings) }
        notes += objects.policies.notes(settings)
        for number in endpoints.numbers { notes += notesOnEndpoints(number) }
        let withPods = controllersWithPods
        let chain = OwnerChain(controllers: objects.controllers)
        for controller in objects.controllers.values where chain.impliesPods(controller, withPods: withPods) {
            if let note = controller.leftOutNote { notes.append(note) }
        }
        for (kind, origins) in ignored {
            let first = origins.values.map { KubernetesCluster.note(onIgnored: kind, origins.count, at: $0) }.min()
            if let first { notes.append(first) }
        }
        return notes
    }

    private func notesOnEndpoints(_ number: UInt32) -> [InputNote] {
        guard let object = endpoints[number] else { return [] }
        var notes = object.notes
        guard let service = object.service else { return notes }
        guard objects.services[service] != nil else { return notes + [object.note(onMissing: service)] }
        guard servedService(number) != nil else { return notes }
        for endpoint in object.groups.lazy.flatMap(\.endpoints) {
            guard let pod = endpoint.pod, self.pod(of: endpoint) == nil else { continue }
            notes.append(object.note(onMissingPod: pod))
        }
        return notes
    }

    /// The controllers that have pods among the objects, and what is above them.
    private var controllersWithPods: Set<ObjectKey> {
        guard !objects.controllers.isEmpty else { return [] }
        let chain = OwnerChain(controllers: objects.controllers)
        var withPods: Set<ObjectKey> = []
        func mark(_ owner: KubernetesMetadata.Owner, _ namespace: String) {
            if let key = chain.key(of: owner, namespace: namespace) { withPods.insert(key) }
        }
        for number in pods.numbers {
            guard let pod = pods[number] else { continue }
            let namespace = pod.name.namespace
            if let direct = pod.metadata.owner {
                mark(direct, namespace)
                mark(chain.top(of: direct, labels: pod.metadata.labels, namespace: namespace), namespace)
                continue
            }
            for controller in controllers(selecting: pod) {
                withPods.insert(controller.key)
                mark(chain.owner(ofPodsOf: controller), namespace)
            }
        }
        return withPods
    }
}
