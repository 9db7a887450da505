/// A pod that no object describes, but a controller or a user asks for.
struct ImpliedPod {
    var name: KubernetesName
    /// What asks for it.
    var origin: ObjectOrigin
    /// How often its controller was restarted before; pods of another generation are other pods.
    var generation = 0
    var metadata: KubernetesMetadata
    var spec: KubernetesPodSpec
    /// What owns it, nil for a pod on its own.
    var owner: KubernetesMetadata.Owner?
}
