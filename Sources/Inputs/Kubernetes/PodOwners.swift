/// Which controller each pod belongs to, and which controllers have pods among the objects.
struct PodOwners {
    private let chain: OwnerChain
    private var withPods: Set<ObjectKey> = []
    private var owners: [KubernetesName: KubernetesMetadata.Owner] = [:]

    /// - Parameter pods: In order of their names.
    init(of pods: [KubernetesPod], controllers: [ObjectKey: KubernetesController]) {
        chain = OwnerChain(controllers: controllers)
        var index = LabelIndex(for: controllers.values.map(\.selector))
        for (number, pod) in pods.enumerated() {
            if let direct = pod.metadata.owner {
                let owner = chain.top(of: direct, labels: pod.metadata.labels, namespace: pod.name.namespace)
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
            let owner = chain.owner(ofPodsOf: controller)
            withPods.insert(controller.key)
            markOwner(owner, namespace: space)
            for number in numbers where owners[pods[number].name] == nil { owners[pods[number].name] = owner }
        }
    }

    /// The owner of the pods of a controller: the controller, or what the controller belongs to.
    func owner(ofPodsOf controller: KubernetesController) -> KubernetesMetadata.Owner {
        chain.owner(ofPodsOf: controller)
    }

    /// The owner of a pod that is an object, nil when it is on its own.
    func owner(of pod: KubernetesPod) -> KubernetesMetadata.Owner? { owners[pod.name] }

    /// Whether the controller's pods have to be imagined: none is among the objects, and no controller above makes them.
    func impliesPods(_ controller: KubernetesController) -> Bool {
        chain.impliesPods(controller, withPods: withPods)
    }

    private mutating func markOwner(_ owner: KubernetesMetadata.Owner, namespace: String) {
        if let key = chain.key(of: owner, namespace: namespace) { withPods.insert(key) }
    }
}
