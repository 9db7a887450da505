/// Whether Kmesh manages a pod: the pod or its namespace asks for it, and nothing speaks against it.
/// Source: Kmesh pkg/utils/enroll.go, ShouldEnroll.
public func isEnrolled(pod: KubernetesPod, namespace: KubernetesNamespace?) -> Bool {
    isEnrolled(
        metadata: pod.metadata, usesHostNetwork: pod.spec.usesHostNetwork,
        namespaceLabels: namespace?.metadata.labels ?? [:])
}

/// The rule behind `isEnrolled(pod:namespace:)`, for pods that have no object of their own.
func isEnrolled(metadata: KubernetesMetadata, usesHostNetwork: Bool, namespaceLabels: [String: String]) -> Bool {
    func isKmesh(_ mode: String?) -> Bool { mode?.lowercased() == "kmesh" }
    // A sidecar manages the pod already, and a node's address belongs to all pods that share it.
    if metadata.annotations[KubernetesAnnotation.sidecarStatus] != nil || usesHostNetwork { return false }
    // A waypoint.
    if metadata.labels[KubernetesLabel.managedGateway]?.lowercased() == "istio.io-mesh-controller" { return false }
    let mode = metadata.labels[KubernetesLabel.dataplaneMode]
    if isKmesh(mode) { return true }
    if mode == "none" { return false }
    return isKmesh(namespaceLabels[KubernetesLabel.dataplaneMode])
}
