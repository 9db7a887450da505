/// Which controller each pod belongs to, and which controllers have pods among the objects.
struct PodOwners {
    private let controllers: [ObjectKey: KubernetesController]
    private var withPods: Set<ObjectKey> = []
    private var owners: [KubernetesName: KubernetesMetadata.Owner] = [:]

    /// - Parameter pods: In order of their names.
    init(of pods: [KubernetesPod], controllers: [ObjectKey: KubernetesController]) {
        self.controllers = controllers
        var index = LabelIndex(for: controllers.values.map(\.selector))
        for (number, pod) in pods.enumerated() {
            if let direct = pod.metadata.owner {
                let owner = final(direct, labels: pod.metadata.labels, namespace: pod.name.namespace)
                owners[pod.name] = owner
                markOwner(direct, namespace: pod.name.namespace)
                markOwner(owner, namespace: pod.name.namespace)
            } else {
                index.insert(number, namespace: pod.name.namespace, labels: pod.metadata.labels)
            }
        }
        for controller in controllers.values.sorted(by: { $0.key < $1.key }) {
            let space = controller.key.name.namespace
            let numbers = index.numbers(namespace: space, selectedBy: controller.selector)
            guard !numbers.isEmpty else { continue }
            let owner = self.owner(ofPodsOf: controller)
            withPods.insert(controller.key)
            markOwner(owner, namespace: space)
            for number in numbers where owners[pods[number].name] == nil { owners[pods[number].name] = owner }
        }
    }

    /// The owner of a pod that is an object, nil when it is on its own.
    func owner(of pod: KubernetesPod) -> KubernetesMetadata.Owner? { owners[pod.name] }

    /// The owner of the pods of a controller: the controller, or what the controller belongs to.
    func owner(ofPodsOf controller: KubernetesController) -> KubernetesMetadata.Owner {
        let itself = KubernetesMetadata.Owner(kind: controller.key.kind.rawValue, name: controller.key.name.name)
        return final(itself, labels: controller.podMetadata.labels, namespace: controller.key.name.namespace)
    }

    /// Whether the controller's pods have to be imagined: none is among the objects, and no controller above makes them.
    func impliesPods(_ controller: KubernetesController) -> Bool {
        guard !withPods.contains(controller.key) else { return false }
        guard controller.key.kind == .replicaSet, let above = controller.metadata.owner else { return true }
        return key(of: above, namespace: controller.key.name.namespace).map { controllers[$0] == nil } ?? true
    }

    /// The top of the chain of owners: a ReplicaSet leads to its Deployment, a Job to its CronJob.
    /// Source: Istio pkg/kube, GetWorkloadMetaFromPod.
    private func final(
        _ owner: KubernetesMetadata.Owner, labels: [String: String], namespace: String
    ) -> KubernetesMetadata.Owner {
        let above = key(of: owner, namespace: namespace).flatMap { controllers[$0]?.metadata.owner }
        switch owner.kind {
        case KubernetesKind.replicaSet.rawValue:
            if let above { return above }
            guard let hash = labels[KubernetesLabel.podTemplateHash], !hash.isEmpty, owner.name.hasSuffix("-\(hash)")
            else { return owner }
            return .init(kind: KubernetesKind.deployment.rawValue, name: String(owner.name.dropLast(hash.count + 1)))
        case KubernetesKind.job.rawValue:
            if let above { return above }
            guard let name = Self.cronJobName(ofJob: owner.name) else { return owner }
            return .init(kind: KubernetesKind.cronJob.rawValue, name: name)
        default: return owner
        }
    }

    /// `name` of `name-<8 to 10 digits>`, which is how a CronJob names its Jobs.
    private static func cronJobName(ofJob name: String) -> String? {
        guard let dash = name.lastIndex(of: "-"), dash != name.startIndex else { return nil }
        let stamp = name[name.index(after: dash)...]
        guard (8...10).contains(stamp.count), stamp.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
        return String(name[..<dash])
    }

    private func key(of owner: KubernetesMetadata.Owner, namespace: String) -> ObjectKey? {
        KubernetesKind(rawValue: owner.kind).map { ObjectKey(kind: $0, name: KubernetesName(namespace, owner.name)) }
    }

    private mutating func markOwner(_ owner: KubernetesMetadata.Owner, namespace: String) {
        if let key = key(of: owner, namespace: namespace) { withPods.insert(key) }
    }
}
