import Model
import TestSupport

/// Draws Kubernetes objects in which everything that joins them happens often: shared labels and addresses, slices that
/// name pods that are not there, endpoints without names, services that come and go before their slices.
struct ClusterGenerator {
    var random: SplitMix64

    static let namespaces = ["default", "other"]
    /// The same, and the one whose policies are for all.
    static let policyNamespaces = namespaces + ["istio-system"]

    /// One object as JSON, under a name for its file.
    mutating func object() -> (file: String, text: String) {
        switch random.below(20) {
        case 16...18: return authorizationPolicy()
        case 19: return peerAuthentication()
        case 0: return namespace()
        case 1: return node()
        case 2: return controller()
        case 3...6: return service()
        case 7...9: return slice()
        case 10: return endpoints()
        default: return pod()
        }
    }

    /// The name of a file that may hold an object.
    mutating func file() -> String { object().file }

    private mutating func object(
        _ kind: String, api apiVersion: String = "v1", _ name: String, namespace: String? = nil,
        metadata: String = "labels: {}", _ rest: String
    ) -> (file: String, text: String) {
        let space = namespace.map { "namespace: \($0), " } ?? ""
        return (
            "\(kind)-\(namespace ?? "")-\(name).yaml",
            "{apiVersion: \(apiVersion), kind: \(kind), metadata: {name: \(name), \(space)\(metadata)}, \(rest)}\n"
        )
    }

    private mutating func labels(_ more: [String] = []) -> String {
        let some = random.some(of: [
            "tier: x", "tier2: y", "istio.io/use-waypoint: w", "istio.io/dataplane-mode: kmesh",
        ])
        return "labels: {\((["app: \(random.one(of: ["a", "b"]))"] + some + more).joined(separator: ", "))}"
    }

    private mutating func address() -> String { "10.0.0.\(1 + random.below(6))" }

    private mutating func namespace() -> (file: String, text: String) {
        object("Namespace", random.one(of: Self.namespaces), metadata: labels(), "spec: {}")
    }

    private mutating func node() -> (file: String, text: String) {
        let zone = random.one(of: ["z1", "z2"])
        let addresses = random.isOneIn(2) ? "{type: InternalIP, address: 192.168.0.\(1 + random.below(3))}" : ""
        return object(
            "Node", random.one(of: ["n1", "n2"]),
            metadata: "labels: {topology.kubernetes.io/zone: \(zone), topology.kubernetes.io/region: r-\(zone)}",
            "status: {addresses: [\(addresses)]}")
    }

    private mutating func controller() -> (file: String, text: String) {
        let app = random.one(of: ["a", "b"])
        let owner = random.isOneIn(2) ? "ownerReferences: [{kind: Deployment, name: d0}]" : "labels: {}"
        let kind = random.one(of: ["Deployment", "ReplicaSet"])
        return object(
            kind, api: "apps/v1", kind == "Deployment" ? "d\(random.below(2))" : "r0",
            namespace: random.one(of: Self.namespaces), metadata: owner,
            "spec: {replicas: \(random.below(2)), selector: {matchLabels: {app: \(app)}}, "
                + "template: {spec: {nodeName: \(random.one(of: ["n1", "n4", "\"\""]))}}}")
    }

    private mutating func service() -> (file: String, text: String) {
        let selector = random.one(of: ["{app: a}", "{app: b}", "{tier: x, app: a}", "{tier2: y}", "{}"])
        let addressing = random.one(of: [
            "clusterIP: 10.96.0.\(1 + random.below(4))", "clusterIP: None", "type: ClusterIP",
            "clusterIP: 10.96.0.9, internalTrafficPolicy: Local", "type: ExternalName",
        ])
        let ports = random.one(of: [
            "{port: 80, name: http, targetPort: 8080}", "{port: 80, name: http, targetPort: web}",
            "{port: 80, name: http}, {port: 81, name: more}", "{port: 53, protocol: UDP}",
        ])
        return object(
            "Service", "s\(random.below(4))", namespace: random.one(of: Self.namespaces), metadata: labels(),
            "spec: {selector: \(selector), \(addressing), ports: [\(ports)]}")
    }

    private mutating func slice() -> (file: String, text: String) {
        let namespace = random.one(of: Self.namespaces)
        // Some are named like a service, and like its Endpoints.
        let name = "s\(random.below(5))"
        let list = (0..<random.below(4)).map { _ in
            let target = random.isOneIn(3) ? "" : "targetRef: {kind: Pod, name: p\(random.below(6))}, "
            let addresses = random.isOneIn(3) ? "\(address()), \(address())" : address()
            return "{\(target)addresses: [\(addresses)], zone: \(random.one(of: ["z1", "z2", "\"\""])), "
                + "nodeName: \(random.one(of: ["n1", "n3"])), conditions: {ready: \(!random.isOneIn(4))}}"
        }
        let label = random.isOneIn(8) ? "{}" : "{kubernetes.io/service-name: s\(random.below(4))}"
        let port = random.one(of: ["{name: http, port: 8080}", "{name: more, port: 9090}, {name: http, port: 80}"])
        return object(
            "EndpointSlice", api: "discovery.k8s.io/v1", name, namespace: namespace, metadata: "labels: \(label)",
            "endpoints: [\(list.joined(separator: ", "))], ports: [\(port)]")
    }

    private mutating func endpoints() -> (file: String, text: String) {
        let list = (0..<random.below(3)).map { _ in
            let target = random.isOneIn(2) ? "" : ", targetRef: {kind: Pod, name: p\(random.below(6))}"
            return "{ip: \(address())\(target)}"
        }
        let key = random.one(of: ["addresses", "notReadyAddresses"])
        return object(
            "Endpoints", "s\(random.below(4))", namespace: random.one(of: Self.namespaces),
            "subsets: [{\(key): [\(list.joined(separator: ", "))], ports: [{name: http, port: 8080}]}]")
    }

    private mutating func selector() -> String {
        let labels = random.one(of: ["{app: a}", "{app: b}", "{tier: x}", "{tier: x, app: a}", "{tier2: y}", "{}"])
        return random.isOneIn(3) ? "" : "selector: {matchLabels: \(labels)}, "
    }

    private mutating func authorizationPolicy() -> (file: String, text: String) {
        let action = random.one(of: ["", "action: ALLOW, ", "action: DENY, ", "action: DENY, ", "action: AUDIT, "])
        let target = random.isOneIn(8) ? "targetRefs: [{kind: Gateway, name: w}], " : ""
        let rules = random.one(of: [
            "{}", "{from: [{source: {namespaces: [default]}}]}", "{to: [{operation: {ports: ['80'], methods: [GET]}}]}",
            "{from: [{source: {serviceAccounts: [x]}}]}, {when: [{key: source.ip, notValues: [10.0.0.0/8]}]}",
        ])
        let dryRun = random.isOneIn(4) ? "annotations: {istio.io/dry-run: 'true'}" : "labels: {}"
        return object(
            "AuthorizationPolicy", api: "security.istio.io/v1", "a\(random.below(4))",
            namespace: random.one(of: Self.policyNamespaces), metadata: dryRun,
            "spec: {\(action)\(selector())\(target)rules: [\(rules)]}")
    }

    private mutating func peerAuthentication() -> (file: String, text: String) {
        let modes = ["UNSET", "STRICT", "PERMISSIVE", "DISABLE"]
        let ports = random.isOneIn(2) ? "portLevelMtls: {80: {mode: \(random.one(of: modes))}}, " : ""
        return object(
            "PeerAuthentication", api: "security.istio.io/v1", "m\(random.below(3))",
            namespace: random.one(of: Self.policyNamespaces),
            metadata: "creationTimestamp: '2026-01-0\(1 + random.below(3))T00:00:00Z'",
            "spec: {\(selector())\(ports)mtls: {mode: \(random.one(of: modes))}}")
    }

    private mutating func pod() -> (file: String, text: String) {
        let owner = random.one(of: [
            "", "", ", ownerReferences: [{kind: ReplicaSet, name: r0, controller: true}]",
            ", ownerReferences: [{kind: Job, name: j-12345678}]",
        ])
        let deleted = random.isOneIn(8) ? ", deletionTimestamp: now" : ""
        let host = random.isOneIn(5) ? "hostNetwork: true, " : ""
        let node = random.one(of: ["nodeName: n1, ", "nodeName: n2, ", "nodeName: n3, ", ""])
        let ready = random.one(of: ["True", "True", "False"])
        let hostAddress = random.isOneIn(3) ? ", hostIPs: [{ip: 192.168.1.\(1 + random.below(2))}]" : ""
        let addresses = (0..<random.below(3)).map { _ in "{ip: \(address())}" }.joined(separator: ", ")
        let phase = random.isOneIn(8) ? "Succeeded" : "Running"
        let status = """
            status: {phase: \(phase), podIPs: [\(addresses)]\(hostAddress), \
            conditions: [{type: Ready, status: "\(ready)"}]}
            """
        return object(
            "Pod", "p\(random.below(6))",
            namespace: random.one(of: random.isOneIn(8) ? Self.policyNamespaces : Self.namespaces),
            metadata: labels() + owner + deleted,
            "spec: {\(node)\(host)containers: [{ports: [{name: web, containerPort: \(7000 + random.below(2))}]}]}"
                + (random.isOneIn(10) ? "" : ", \(status)"))
    }
}
