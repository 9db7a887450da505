import Model

/// The configuration dump of a Kmesh daemon in its dual-engine mode (`/debug/config_dump/dual-engine`).
///
/// Keys as in its `pkg/status/api.go`. Beside ztunnel's form: addresses are under `addresses`, ports are a list of
/// `{service_port, target_port}`, a workload names its services without ports. Rules are Go's structures of the workload
/// API: `{clauses: [{matches: [{source_ips: [{address, length}]}]}]}`, with names below `MatchType`. The dump says
/// nothing about health policies, dry runs, service accounts in policies or which workloads share their node's address,
/// so they count as the defaults, and waypoints have no ports (15008).
public enum KmeshConfigDump: ResourceFormat {
    /// How such a file is recognised and named.
    public static let kind = InputKind.kmesh

    /// A dump holds the three lists only.
    public static let unusedKeys: [String] = []

    /// Keys of a workload that change nothing here.
    static let unusedWorkloadKeys = ["protocol", "applicationTunnel"]

    /// Reads a workload; `uid` and `namespace` must be there.
    public static func workload(_ node: DocumentNode, file: String) throws(InputError) -> Workload {
        var fields = try Fields(node, file: file, what: "a workload")
        let addresses = try fields.addresses("addresses")
        let services = try fields.servicesByName(fields.list("services"))
        fields.skip(unusedWorkloadKeys)
        return try fields.workload(addresses: addresses, services: services, networkMode: .standard)
    }

    /// Reads a service; `namespace` and `hostname` must be there, ports are a list.
    public static func service(_ node: DocumentNode, file: String) throws(InputError) -> Service {
        var fields = try Fields(node, file: file, what: "a service")
        var ports: [ServicePort] = []
        if let node = fields.node("ports") {
            guard let elements = node.elements else {
                throw InputError(
                    file, node.position, "\"ports\" must list {service_port, target_port}, not be \(node.kindName)")
            }
            for element in elements { ports.append(try port(element, file: file)) }
        }
        return try fields.service(ports: ports)
    }

    /// A missing target is 0, the service port: Go leaves zeros out.
    private static func port(_ node: DocumentNode, file: String) throws(InputError) -> ServicePort {
        var fields = try Fields(node, file: file, what: "a port")
        _ = try fields.required("service_port")
        let servicePort = try fields.integer("service_port", in: 1...65535) ?? 0
        let targetPort = try fields.integer("target_port", in: 0...65535) ?? 0
        fields.skip(["app_protocol"])
        try fields.finish()
        return ServicePort(UInt16(servicePort), to: UInt16(targetPort))
    }

    /// Reads a policy; `name`, `scope` and `action` must be there.
    public static func policy(_ node: DocumentNode, file: String) throws(InputError) -> Policy {
        var fields = try Fields(node, file: file, what: "a policy")
        for key in ["scope", "action"] { _ = try fields.required(key) }
        return try fields.policy(rules: .messages)
    }
}
