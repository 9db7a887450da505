import Inputs
import Testing

/// Objects in some form, and who they have to be.
struct ObjectsCase: CustomTestStringConvertible {
    let testDescription: String
    var text: String
    var names: [String]
}

@Test(arguments: [
    ObjectsCase(testDescription: "an empty source", text: "", names: []),
    ObjectsCase(
        testDescription: "documents, some of them empty",
        text: "---\n---\nkind: Pod\nmetadata: {name: a}\n---\n---\nkind: Pod\nmetadata: {name: b, namespace: x}\n",
        names: ["Pod default/a", "Pod x/b"]),
    ObjectsCase(
        testDescription: "a List in YAML, kind after items",
        text: """
            apiVersion: v1
            items:
            - {apiVersion: v1, kind: Service, metadata: {name: s}}
            - {apiVersion: v1, kind: Node, metadata: {name: n}}
            kind: List
            metadata: {resourceVersion: ""}
            """,
        names: ["Service default/s", "Node /n"]),
    ObjectsCase(
        testDescription: "a List in JSON",
        text: #"{"apiVersion": "v1", "kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "a"}}]}"#,
        names: ["Pod default/a"]),
    ObjectsCase(
        testDescription: "a PodList whose items have no kind",
        text: #"{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}"#,
        names: ["Pod default/a"]),
    ObjectsCase(
        testDescription: "the same with the kind at the end",
        text: #"{"items": [{"metadata": {"name": "a"}}], "kind": "PodList"}"#, names: ["Pod default/a"]),
    ObjectsCase(
        testDescription: "a List in a List",
        text: "{kind: List, items: [{kind: PodList, items: [{metadata: {name: a}}]}]}", names: ["Pod default/a"]),
    ObjectsCase(testDescription: "a List without items", text: "{kind: List, items: []}", names: []),
    ObjectsCase(testDescription: "a List of null", text: "{kind: List, items: }", names: []),
    ObjectsCase(
        testDescription: "a plain sequence", text: "- {kind: Pod, metadata: {name: a}}\n", names: ["Pod default/a"]),
    ObjectsCase(
        testDescription: "a kind that only sounds like a list", text: "{kind: AllowList, metadata: {name: a}}",
        names: ["AllowList default/a"]),
])
func unfoldsListsAndDocuments(_ c: ObjectsCase) throws {
    #expect(try objects(in: c.text).map { "\($0.kind) \($0.namespace)/\($0.name)" } == c.names)
}

@Test func itemsOfAListOfOneKindTakeItsVersion() throws {
    let object = try #require(
        try objects(in: "{items: [{metadata: {name: a}}], kind: JobList, apiVersion: batch/v1}").first)
    #expect(object.apiVersion == "batch/v1")
    #expect(object.kind == "Job")
}

/// Input that has to be refused, and the error's text.
struct RefusedCase: CustomTestStringConvertible {
    let testDescription: String
    var text: String
    var error: String
}

@Test(arguments: [
    RefusedCase(
        testDescription: "no kind", text: "\n  metadata: {name: a}\n",
        error: "2:3: \"kind\" is missing here; an object needs apiVersion, kind and metadata.name"),
    RefusedCase(
        testDescription: "no kind in a List", text: "kind: List\nitems:\n- metadata: {name: a}\n",
        error: "3:3: \"kind\" is missing here; an object needs apiVersion, kind and metadata.name"),
    RefusedCase(
        testDescription: "no metadata", text: "kind: Pod\nspec: {}\n",
        error: "1:1: \"metadata\" is missing here; give this Pod a metadata.name"),
    RefusedCase(
        testDescription: "no name", text: "kind: Pod\nmetadata:\n  namespace: x\n",
        error: "3:3: \"name\" is missing here; give this Pod a metadata.name"),
    RefusedCase(
        testDescription: "no mapping", text: "- 5\n",
        error: "1:3: a Kubernetes object must be a mapping (key: value), not \"5\""),
    RefusedCase(
        testDescription: "a Service port past the last",
        text: "kind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: 65536\n",
        error: "5:11: \"port\" must be a whole number from 1 to 65535, not \"65536\""),
    RefusedCase(
        testDescription: "a Service port of 0",
        text: "{kind: Service, metadata: {name: a}, spec: {ports: [{port: 0}]}}",
        error: "1:60: \"port\" must be a whole number from 1 to 65535, not \"0\""),
    RefusedCase(
        testDescription: "a Service without spec", text: "kind: Service\nmetadata: {name: a}\n",
        error: "1:1: \"spec\" is missing here"),
    RefusedCase(
        testDescription: "an unknown type of Service",
        text: "{kind: Service, metadata: {name: a}, spec: {type: ClusterIp}}",
        error: "1:51: \"type\" must be one of ClusterIP, NodePort, LoadBalancer, ExternalName, not \"ClusterIp\";"
            + " did you mean ClusterIP?"),
    RefusedCase(
        testDescription: "an unknown family", text: "{kind: Service, metadata: {name: a}, spec: {ipFamilies: [IPv5]}}",
        error: "1:58: \"ipFamilies\" must hold IPv4 or IPv6, not \"IPv5\""),
    RefusedCase(
        testDescription: "a virtual address that is none",
        text: "{kind: Service, metadata: {name: a}, spec: {clusterIP: 10.0.0}}",
        error: "1:56: \"clusterIP\" must hold IP addresses, not \"10.0.0\""),
    RefusedCase(
        testDescription: "a pod address that is none",
        text: "{kind: Pod, metadata: {name: a}, status: {podIP: x}}",
        error: "1:50: \"podIP\" must be an IP address, not \"x\""),
    RefusedCase(
        testDescription: "a pod CIDR that is none",
        text: "{kind: Node, metadata: {name: a}, spec: {podCIDR: 10.0.0.0/33}}",
        error: "1:51: \"podCIDR\" must be an address prefix such as 10.244.0.0/24, not \"10.0.0.0/33\""),
    RefusedCase(
        testDescription: "too many replicas", text: "{kind: Deployment, metadata: {name: a}, spec: {replicas: 100001}}",
        error: "1:58: \"replicas\" must be a whole number from 0 to 100000, not \"100001\""),
    RefusedCase(
        testDescription: "a label that is a list", text: "{kind: Pod, metadata: {name: a, labels: {app: [x]}}}",
        error: "1:47: \"app\" must be text, not a list"),
    RefusedCase(
        testDescription: "containers that are no list",
        text: "{kind: Pod, metadata: {name: a}, spec: {containers: {}}}",
        error: "1:53: \"containers\" must be a list, not a mapping"),
    RefusedCase(
        testDescription: "an unknown operator",
        text: "{kind: Job, metadata: {name: a}, spec: {selector: {matchExpressions: [{key: a, operator: Is}]}}}",
        error: "1:90: \"operator\" must be one of In, NotIn, Exists, DoesNotExist, not \"Is\"; did you mean In?"),
])
func refusesObjectsThatAreNotOfTheirForm(_ c: RefusedCase) throws {
    let error = #expect(throws: InputError.self) { try KubernetesCluster(c.text) }
    #expect(error?.description == "test.yaml:\(c.error)")
}

@Test func aRefusedObjectChangesNothing() throws {
    var cluster = try KubernetesCluster(service("a"))
    let before = try cluster.mesh()
    #expect(throws: InputError.self) { try cluster.apply("{kind: Service, metadata: {name: a}, spec: {ports: 1}}") }
    #expect(try cluster.mesh() == before)
}

@Test func unknownKindsAndForeignGroupsAreCountedAndNoted() throws {
    var cluster = try KubernetesCluster(
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
        ---
        {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
        ---
        {apiVersion: extensions/v1beta1, kind: DaemonSet, metadata: {name: d}, spec: {}}
        """)
    #expect(cluster.names(of: .daemonSet) == [KubernetesName("default", "d")])
    #expect(
        try cluster.snapshot().notes.map(\.description) == [
            "test.yaml:1:1: 2 ConfigMap objects are ignored: the mesh does not use this kind",
            "test.yaml:3:1: 1 Service (serving.knative.dev/v1) object is ignored: the mesh does not use this kind",
        ])
}

@Test(arguments: KubernetesKind.allCases)
func objectsAreFoundByKindAndNameUntilTheyAreRemoved(_ kind: KubernetesKind) throws {
    let version = kind.group.isEmpty ? "v1" : "\(kind.group)/v1"
    let spec = kind == .nodeInfo ? "{spi: 1, bootID: 550e8400-e29b-41d4-a716-446655440000}" : "{}"
    var cluster = try KubernetesCluster(
        "{apiVersion: \(version), kind: \(kind.rawValue), metadata: {name: a, namespace: x}, spec: \(spec)}")
    let name = KubernetesName(kind.isNamespaced ? "x" : "", "a")
    #expect(cluster.names(of: kind) == [name])
    let wasThere = cluster.remove(kind: kind, namespace: "x", name: "a")
    let wasThereAgain = cluster.remove(kind: kind, namespace: "x", name: "a")
    #expect(wasThere && !wasThereAgain)
    #expect(cluster.names(of: kind).isEmpty)
}
