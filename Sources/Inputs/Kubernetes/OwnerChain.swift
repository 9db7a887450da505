/// Who belongs to whom among the controllers.
struct OwnerChain {
    /// All there are.
    let controllers: [ObjectKey: KubernetesController]

    /// The owner of the pods of a controller: the controller, or what the controller belongs to.
    func owner(ofPodsOf controller: KubernetesController) -> KubernetesMetadata.Owner {
        let itself = KubernetesMetadata.Owner(kind: controller.key.kind.rawValue, name: controller.key.name.name)
        return top(of: itself, labels: controller.podMetadata.labels, namespace: controller.key.name.namespace)
    }

    /// Whether a controller's pods have to be imagined: none is among the objects, and no controller above makes them.
    /// - Parameter withPods: The controllers that have pods among the objects.
    func impliesPods(_ controller: KubernetesController, withPods: Set<ObjectKey>) -> Bool {
        guard !withPods.contains(controller.key) else { return false }
        guard controller.key.kind == .replicaSet, let above = controller.metadata.owner else { return true }
        return key(of: above, namespace: controller.key.name.namespace).map { controllers[$0] == nil } ?? true
    }

    /// The top of the chain of owners: a ReplicaSet leads to its Deployment, a Job to its CronJob.
    /// Source: Istio pkg/kube, GetWorkloadMetaFromPod.
    func top(
        of owner: KubernetesMetadata.Owner, labels: [String: String], namespace: String
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

    /// The controller that an owner names, nil for kinds that are none.
    func key(of owner: KubernetesMetadata.Owner, namespace: String) -> ObjectKey? {
        KubernetesKind(rawValue: owner.kind).map { ObjectKey(kind: $0, name: KubernetesName(namespace, owner.name)) }
    }
}
