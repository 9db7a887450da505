import Model

/// ztunnel's local configuration (`LOCAL_XDS_PATH`), and the dump of its state that has the same form.
///
/// Keys as ztunnel's serializer writes them (`LocalConfig` in its `xds.rs`, `Workload`, `Service` and `Authorization`
/// in its `state`). A workload's services are a mapping of names to ports in a configuration and a list of names in a
/// dump. In words (`Strict`, `STRICT`) case and `_` make no difference.
public enum ZtunnelConfig: ResourceFormat {
    /// How such a file is recognised and named.
    public static let kind = InputKind.ztunnel

    /// Parts of a dump that are about ztunnel itself.
    public static let unusedKeys = ["stagedServices", "certificates", "config", "version"]

    /// Keys of a workload that change nothing here: tunnels are ztunnel's own matter, and capacities are weights that
    /// Kmesh does not use.
    static let unusedWorkloadKeys = [
        "protocol", "networkGateway", "hostname", "nativeTunnel", "applicationTunnel", "capacity",
    ]

    /// Keys of a service that change nothing here. `endpoints` repeats what the workloads say; prefixes as virtual IPs
    /// and the client's namespace are looked at by ztunnel, not by Kmesh.
    static let unusedServiceKeys = [
        "endpoints", "subjectAltNames", "canonical", "ipFamilies", "visibility", "cidrVips", "ingressUseWaypoint",
    ]

    /// Reads a workload; `uid`, `namespace` and `workloadIps` must be there.
    public static func workload(_ node: DocumentNode, file: String) throws(InputError) -> Workload {
        var fields = try Fields(node, file: file, what: "a workload")
        _ = try fields.required("workloadIps")
        let addresses = try fields.addresses("workloadIps")
        let services = try services(fields.node("services"), in: fields)
        let modes: KeyValuePairs<String, NetworkMode> = ["Standard": .standard, "HostNetwork": .hostNetwork]
        let networkMode = try fields.word("networkMode", in: modes) ?? .standard
        fields.skip(unusedWorkloadKeys)
        return try fields.workload(addresses: addresses, services: services, networkMode: networkMode)
    }

    private static func services(
        _ node: DocumentNode?, in fields: Fields
    ) throws(InputError) -> [ServiceName: [ServicePort]] {
        guard let node else { return [:] }
        if case .sequence(let names) = node.value { return try fields.servicesByName(names) }
        guard let entries = node.entries else {
            throw InputError(
                fields.file, node.position,
                "\"services\" must map namespace/hostname to ports, or list the names, not be \(node.kindName)")
        }
        var services: [ServiceName: [ServicePort]] = [:]
        for entry in entries {
            let name = try fields.serviceName(entry.key, at: entry.keyPosition)
            services[name] = try fields.portMapping(entry.value, key: entry.key)
        }
        return services
    }

    /// Reads a service; `namespace` and `hostname` must be there, ports are a mapping.
    public static func service(_ node: DocumentNode, file: String) throws(InputError) -> Service {
        var fields = try Fields(node, file: file, what: "a service")
        let ports = try fields.node("ports").map { (node) throws(InputError) in
            try fields.portMapping(node, key: "ports")
        }
        fields.skip(unusedServiceKeys)
        return try fields.service(ports: ports ?? [])
    }

    /// Reads a policy; `name`, `scope` and `action` must be there.
    public static func policy(_ node: DocumentNode, file: String) throws(InputError) -> Policy {
        var fields = try Fields(node, file: file, what: "a policy")
        for key in ["scope", "action"] { _ = try fields.required(key) }
        return try fields.policy(rules: .lists)
    }
}
