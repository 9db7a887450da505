import Inputs
import Model
import Testing

/// A pod in a namespace, and whether Kmesh manages it.
struct EnrolmentCase: CustomTestStringConvertible {
    let testDescription: String
    var labels = "{}"
    var annotations = "{}"
    var hostNetwork = false
    /// The namespace's labels; nil when there is no such object.
    var namespace: String?
    var isEnrolled: Bool
}

private let kmesh = "{istio.io/dataplane-mode: kmesh}"

@Test(arguments: [
    EnrolmentCase(testDescription: "no label anywhere", namespace: "{}", isEnrolled: false),
    EnrolmentCase(testDescription: "no namespace object", isEnrolled: false),
    EnrolmentCase(testDescription: "the pod's label", labels: kmesh, namespace: "{}", isEnrolled: true),
    EnrolmentCase(testDescription: "the pod's label without a namespace", labels: kmesh, isEnrolled: true),
    EnrolmentCase(testDescription: "the namespace's label", namespace: kmesh, isEnrolled: true),
    EnrolmentCase(
        testDescription: "the label in capitals", labels: "{istio.io/dataplane-mode: Kmesh}", isEnrolled: true),
    EnrolmentCase(
        testDescription: "another dataplane", labels: "{istio.io/dataplane-mode: ambient}", namespace: "{}",
        isEnrolled: false),
    EnrolmentCase(
        testDescription: "the pod opts out", labels: "{istio.io/dataplane-mode: none}", namespace: kmesh,
        isEnrolled: false),
    EnrolmentCase(testDescription: "host network", labels: kmesh, hostNetwork: true, isEnrolled: false),
    EnrolmentCase(
        testDescription: "a sidecar", labels: kmesh, annotations: "{sidecar.istio.io/status: \"\"}",
        isEnrolled: false),
    EnrolmentCase(
        testDescription: "a waypoint", labels: "{gateway.istio.io/managed: istio.io-mesh-controller}",
        namespace: kmesh, isEnrolled: false),
    EnrolmentCase(
        testDescription: "another gateway", labels: "{gateway.istio.io/managed: istio.io-gateway-controller}",
        namespace: kmesh, isEnrolled: true),
])
func enrolsPodsThatAskForIt(_ c: EnrolmentCase) throws {
    var text = """
        kind: Pod
        metadata: {name: a, labels: \(c.labels), annotations: \(c.annotations)}
        spec: {hostNetwork: \(c.hostNetwork), nodeName: n1}
        status: {podIP: 10.0.0.9}
        """
    if let labels = c.namespace {
        text += "\n---\n{kind: Namespace, metadata: {name: default, labels: \(labels)}}"
    }
    var cluster = try KubernetesCluster(text)
    let uid = WorkloadUID(cluster: "Kubernetes", podNamespace: "default", pod: "a")
    #expect(try cluster.snapshot().enrolled == (c.isEnrolled ? [uid] : []))
}

@Test func impliedPodsAreEnrolledByTheirTemplate() throws {
    var cluster = try KubernetesCluster(
        """
        {kind: Namespace, metadata: {name: default, labels: \(kmesh)}}
        \(deployment("a"))
        ---
        {kind: Deployment, metadata: {name: b}, spec: {template: {metadata: {labels: {istio.io/dataplane-mode: none}}}}}
        """)
    #expect(try cluster.snapshot().enrolled.map(\.text) == ["Kubernetes//Pod/default/a-0"])
}
