import Model

/// Whether Kmesh manages a pod: the pod or its namespace asks for it, and nothing speaks against it.
public func isEnrolled(pod: KubernetesPod, namespace: KubernetesNamespace?) -> Bool {
    isEnrolled(
        metadata: pod.metadata, usesHostNetwork: pod.spec.usesHostNetwork,
        namespaceLabels: namespace?.metadata.labels ?? [:])
}

/// The same for pods that have no object of their own.
func isEnrolled(metadata: KubernetesMetadata, usesHostNetwork: Bool, namespaceLabels: [String: String]) -> Bool {
    Enrolment.isEnrolled(
        namespaceLabels: namespaceLabels, podLabels: metadata.labels, podAnnotations: metadata.annotations,
        isHostNetwork: usesHostNetwork)
}
