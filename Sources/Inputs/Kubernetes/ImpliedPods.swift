/// The pods that are not among the objects but have to be there: those of controllers without pods, and pods that a
/// user describes without a status.
struct ImpliedPods {
    /// In the order in which they are placed.
    private(set) var pods: [ImpliedPod] = []
    private var names: Set<KubernetesName>

    /// - Parameter realPods: All pod objects, in order of their names.
    init(
        controllers: [KubernetesController], realPods: [KubernetesPod], owners: PodOwners, nodes: ClusterNodes,
        placement: inout PodPlacement
    ) {
        names = Set(realPods.map(\.name))
        var described = realPods.filter { $0.status == nil && !$0.isOver }[...]
        for controller in controllers.sorted(by: { $0.key < $1.key }) {
            while let pod = described.first, pod.name < controller.key.name {
                append(pod, owners: owners)
                described.removeFirst()
            }
            if owners.impliesPods(controller) {
                append(podsOf: controller, owners: owners, nodes: nodes, placement: &placement)
            }
        }
        for pod in described { append(pod, owners: owners) }
    }

    private mutating func append(_ pod: KubernetesPod, owners: PodOwners) {
        pods.append(
            ImpliedPod(
                name: pod.name, origin: pod.origin, metadata: pod.metadata, spec: pod.spec,
                owner: owners.owner(of: pod)))
    }

    private mutating func append(
        podsOf controller: KubernetesController, owners: PodOwners, nodes: ClusterNodes,
        placement: inout PodPlacement
    ) {
        let generation = placement.generation(of: controller)
        let owner = owners.owner(ofPodsOf: controller)
        func pod(_ index: Int, named name: KubernetesName, on node: String?) -> ImpliedPod {
            var spec = controller.podSpec
            if let node { spec.nodeName = node }
            return ImpliedPod(
                name: name, origin: controller.origin, generation: generation, metadata: controller.podMetadata,
                spec: spec, owner: owner)
        }
        switch controller.count {
        case .fixed(let count):
            for index in 0..<count {
                let name = unusedName(of: controller, index: index, generation: generation)
                pods.append(pod(index, named: name, on: nil))
            }
        case .perNode:
            let names = nodes.names(allowing: controller.podSpec)
            for (node, index) in placement.indexes(of: controller.key, on: names) {
                let name = unusedName(of: controller, index: index, generation: generation)
                pods.append(pod(index, named: name, on: node))
            }
        }
    }

    /// `<controller>-<index>`; after restarts `<controller>-<restarts>-<index>`, except for a StatefulSet, whose pods
    /// keep their names. Names that another object uses already get the controller's kind as well.
    private mutating func unusedName(
        of controller: KubernetesController, index: Int, generation: Int
    ) -> KubernetesName {
        let isPlain = generation == 0 || controller.key.kind == .statefulSet
        let suffix = isPlain ? "\(index)" : "\(generation)-\(index)"
        var name = controller.key.name
        name.name += "-\(suffix)"
        if !names.insert(name).inserted {
            name.name = "\(controller.key.name.name)-\(controller.key.kind.rawValue.lowercased())-\(suffix)"
            names.insert(name)
        }
        return name
    }
}
