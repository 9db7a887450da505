import Inputs
import Model
import TestSupport
import Testing

/// All objects of a text.
func objects(in text: String, file: String = "test.yaml") throws -> [KubernetesObject] {
    var reader = KubernetesObjectReader(text: text, file: file)
    return try reader.rest()
}

extension KubernetesObjectReader {
    /// All objects that were not read yet.
    mutating func rest() throws(InputError) -> [KubernetesObject] {
        var objects: [KubernetesObject] = []
        while let object = try next() { objects.append(object) }
        return objects
    }
}

extension KubernetesCluster {
    /// A cluster with the objects of a text.
    init(_ text: String, settings: KubernetesSettings = KubernetesSettings()) throws {
        self.init(settings)
        try apply(text)
    }

    /// The mesh of the objects as they are now.
    mutating func mesh() throws(InputError) -> Mesh { try snapshot().mesh }

    /// Applies all objects of a text.
    mutating func apply(_ text: String) throws {
        for object in try objects(in: text) { try apply(object) }
    }
}

extension Mesh {
    /// The workload of a pod in the namespace `default`.
    func pod(_ name: String, namespace: String = "default") throws -> Workload {
        try #require(workloads[WorkloadUID(cluster: "Kubernetes", podNamespace: namespace, pod: name)], "pod \(name)")
    }

    /// A service in the namespace `default`.
    func service(_ name: String) throws -> Service {
        try #require(services[serviceName(name)], "service \(name)")
    }

    /// Each pod's first address.
    var firstAddresses: [String: String] {
        Dictionary(workloads.values.map { ($0.name, $0.addresses[0].description) }) { first, _ in first }
    }
}

/// The mesh's name for a service in the namespace `default`.
func serviceName(_ name: String) -> ServiceName {
    ServiceName(namespace: "default", hostname: "\(name).default.svc.cluster.local")
}

/// A Deployment whose pods have the label `app: <name>`.
func deployment(
    _ name: String, replicas: Int = 1, podSpec: String = "containers: []", annotations: String = "{}"
) -> String {
    """
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: \(name)}
    spec:
      replicas: \(replicas)
      selector: {matchLabels: {app: \(name)}}
      template:
        metadata: {labels: {app: \(name)}, annotations: \(annotations)}
        spec: {\(podSpec)}

    """
}

/// A Service that selects the pods with the label `app: <name>`.
func service(_ name: String, spec: String = "ports: [{port: 80}]") -> String {
    """
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: \(name)}
    spec: {selector: {app: \(name)}, \(spec)}

    """
}

/// A Node with these pod CIDRs and labels.
func node(_ name: String, podCIDRs: String, labels: String = "{}", addresses: String = "[]") -> String {
    """
    ---
    apiVersion: v1
    kind: Node
    metadata: {name: \(name), labels: \(labels)}
    spec: {podCIDRs: [\(podCIDRs)]}
    status: {addresses: \(addresses)}

    """
}

/// A pod as a cluster reports it.
func pod(
    _ name: String, address: String, labels: String = "{}", metadata: String = "annotations: {}",
    spec: String = "nodeName: n1", status: String = "conditions: [{type: Ready, status: \"True\"}]"
) -> String {
    """
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: \(name), labels: \(labels), \(metadata)}
    spec: {\(spec)}
    status: {phase: Running, podIP: \(address), podIPs: [{ip: \(address)}], \(status)}

    """
}

/// A cluster of upstream's sample files.
func sampleCluster(_ paths: String...) throws -> KubernetesCluster {
    var cluster = KubernetesCluster()
    for path in paths {
        for object in try objects(atPath: "\(UpstreamSamples.directory)/\(path)") { try cluster.apply(object) }
    }
    return cluster
}

private func objects(atPath path: String) throws(InputError) -> [KubernetesObject] {
    var reader = KubernetesObjectReader(text: try TextFile.contents(ofPath: path), file: path)
    return try reader.rest()
}
