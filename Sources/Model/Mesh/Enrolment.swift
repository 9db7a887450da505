/// Which pods the mesh takes care of.
public enum Enrolment {
    /// The label of pods and namespaces that says which data plane they want.
    public static let modeLabel = "istio.io/dataplane-mode"
    /// The label of pods that a gateway controller made.
    public static let managedLabel = "gateway.istio.io/managed"
    /// The annotation of pods that have a sidecar; its presence counts, whatever it says.
    public static let sidecarAnnotation = "sidecar.istio.io/status"

    /// Whether a pod is enrolled: its own label asks for it, or its namespace's label does and its own does not say
    /// `none`. Pods with a sidecar, pods in the host's network and waypoints never are.
    /// Source: Kmesh, pkg/utils/enroll.go `ShouldEnroll`; case is ignored where it ignores it.
    public static func isEnrolled(
        namespaceLabels: [String: String], podLabels: [String: String], podAnnotations: [String: String],
        isHostNetwork: Bool
    ) -> Bool {
        if isHostNetwork || podAnnotations[sidecarAnnotation] != nil { return false }
        if podLabels[managedLabel]?.lowercased() == "istio.io-mesh-controller" { return false }
        let podMode = podLabels[modeLabel] ?? ""
        if podMode.lowercased() == "kmesh" { return true }
        return podMode != "none" && namespaceLabels[modeLabel]?.lowercased() == "kmesh"
    }
}
