import Model

/// A pod of the mesh, whether it is an object or implied.
struct MeshPod {
    var name: KubernetesName
    var metadata: KubernetesMetadata
    var spec: KubernetesPodSpec
    /// The node's name, empty when it is not known.
    var node: String
    var addresses: [IPAddress]
    var owner: KubernetesMetadata.Owner?
    var health: Health
    /// The services that the pod is an endpoint of.
    var services: [ServiceName: [ServicePort]] = [:]

    /// A pod that is an object with a status.
    init(_ pod: KubernetesPod, status: KubernetesPod.Status, owner: KubernetesMetadata.Owner?) {
        name = pod.name
        metadata = pod.metadata
        spec = pod.spec
        node = pod.spec.nodeName
        addresses = status.addresses
        health = pod.health
        self.owner = owner
    }

    /// An implied pod at its place, nil for a pod in the network of a node without addresses.
    init?(_ pod: ImpliedPod, at place: PodPlacement.Place, on node: Node?) {
        name = pod.name
        metadata = pod.metadata
        spec = pod.spec
        self.node = place.node
        addresses = pod.spec.usesHostNetwork ? node?.addresses ?? [] : place.addresses
        health = .healthy
        owner = pod.owner
        if addresses.isEmpty { return nil }
    }

    /// The workload that istiod makes of the pod.
    /// Source: Istio pilot/pkg/serviceregistry/ambient/workloads.go, podWorkloadBuilder.
    /// - Parameter policies: The names of those that select the pod.
    func workload(
        settings: KubernetesSettings, locality nodeLocality: Locality, waypoint: Gateway?, policies: [String]
    ) -> Workload {
        let ownerName = owner?.name ?? name.name
        let locality = metadata.labels[KubernetesLabel.locality].map(Self.locality) ?? nodeLocality
        return Workload(
            WorkloadUID(cluster: settings.cluster, podNamespace: name.namespace, pod: name.name), name: name.name,
            namespace: name.namespace, addresses: addresses, network: settings.network, cluster: settings.cluster,
            node: node, locality: locality, serviceAccount: spec.serviceAccount, trustDomain: settings.trustDomain,
            kind: kind, ownerName: ownerName,
            canonicalName: metadata.label(KubernetesLabel.canonicalName) ?? ownerName,
            canonicalRevision: metadata.label(KubernetesLabel.canonicalRevision) ?? "latest",
            networkMode: spec.usesHostNetwork ? .hostNetwork : .standard, health: health, waypoint: waypoint,
            services: services, policies: policies)
    }

    private var kind: WorkloadKind {
        switch owner.flatMap({ KubernetesKind(rawValue: $0.kind) }) {
        case .deployment: .deployment
        case .job: .job
        case .cronJob: .cronjob
        default: .pod
        }
    }

    /// Reads `region/zone/subzone`, with dots instead where there is no slash, since labels cannot hold any.
    private static func locality(_ text: String) -> Locality {
        let parts = text.split(separator: text.contains("/") ? "/" : ".", omittingEmptySubsequences: false)
        func part(_ index: Int) -> String { index < parts.count ? String(parts[index]) : "" }
        return Locality(region: part(0), zone: part(1), subzone: part(2))
    }
}
