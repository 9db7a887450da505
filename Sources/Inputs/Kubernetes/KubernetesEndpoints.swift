import Model

/// The endpoints that an EndpointSlice or an Endpoints object lists for a service.
struct KubernetesEndpoints: Hashable, Sendable {
    /// A port, by the name that the service's port has.
    struct Port: Hashable, Sendable {
        /// Empty where the service has one port without a name.
        var name: String
        /// The endpoints' port, host order.
        var number: UInt16
    }

    /// An address that takes traffic.
    struct Endpoint: Hashable, Sendable {
        /// At least one.
        var addresses: [IPAddress]
        /// `conditions.ready`, which is true where it is missing.
        var isReady = true
        /// The pod behind it, where the object names one.
        var pod: KubernetesName?
        /// Empty when it is not given, as the zone.
        var node = ""
        var zone = ""
    }

    /// A set of endpoints that share their ports.
    struct Group: Hashable, Sendable {
        /// TCP ports only.
        var ports: [Port] = []
        var endpoints: [Endpoint] = []
    }

    var key: ObjectKey
    /// nil for a slice that serves no service.
    var service: KubernetesName?
    /// One of a slice, one for each subset of an Endpoints object.
    var groups: [Group] = []
    /// What was left out while reading.
    var notes: [InputNote] = []
    var origin: ObjectOrigin

    /// Reads an EndpointSlice.
    init(slice object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "an EndpointSlice")
        key = ObjectKey(kind: .endpointSlice, name: object.objectName)
        origin = object.origin
        let name = try KubernetesMetadata(of: &fields).labels[KubernetesLabel.serviceName]
        service = name.map { KubernetesName(object.namespace, $0) }
        if name == nil {
            notes.append(origin.note("EndpointSlice \(key.name) is ignored: no label \(KubernetesLabel.serviceName)"))
        }
        if try fields.string("addressType") == "FQDN" {
            notes.append(origin.note("EndpointSlice \(key.name) is ignored: it holds names, not addresses"))
            return
        }
        var group = Group(ports: try Self.ports(in: &fields))
        for var endpoint in try fields.mappings("endpoints") {
            var result = Endpoint(addresses: try endpoint.addresses("addresses"))
            if var conditions = try endpoint.mapping("conditions") {
                result.isReady = try conditions.boolean("ready") ?? true
            }
            result.pod = try Self.pod(of: &endpoint, namespace: object.namespace)
            result.node = try endpoint.string("nodeName") ?? ""
            result.zone = try endpoint.string("zone") ?? ""
            if !result.addresses.isEmpty { group.endpoints.append(result) }
        }
        groups = [group]
    }

    /// Reads an Endpoints object, whose service has the same name.
    init(endpoints object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "an Endpoints object")
        key = ObjectKey(kind: .endpoints, name: object.objectName)
        origin = object.origin
        service = object.objectName
        for var subset in try fields.mappings("subsets") {
            var group = Group(ports: try Self.ports(in: &subset))
            for (list, isReady) in [("addresses", true), ("notReadyAddresses", false)] {
                for var element in try subset.mappings(list) {
                    guard let address = try element.optionalAddress("ip") else { continue }
                    var endpoint = Endpoint(addresses: [address], isReady: isReady)
                    endpoint.pod = try Self.pod(of: &element, namespace: object.namespace)
                    endpoint.node = try element.string("nodeName") ?? ""
                    group.endpoints.append(endpoint)
                }
            }
            groups.append(group)
        }
    }

    private static func ports(in fields: inout Fields) throws(InputError) -> [Port] {
        var ports: [Port] = []
        for var port in try fields.mappings("ports") {
            let name = try port.string("name") ?? ""
            guard try port.choice("protocol", of: KubernetesProtocol.self) ?? .tcp == .tcp,
                let number = try port.port("port")
            else { continue }
            ports.append(Port(name: name, number: number))
        }
        return ports
    }

    private static func pod(of fields: inout Fields, namespace: String) throws(InputError) -> KubernetesName? {
        guard var reference = try fields.mapping("targetRef"), try reference.string("kind") == "Pod" else { return nil }
        let name = try reference.requiredString("name")
        return KubernetesName(try reference.string("namespace") ?? namespace, name)
    }
}

extension KubernetesEndpoints {
    /// The workload of an endpoint about which only its address is known. Others may have the address, too, so the
    /// workload counts as one in its host's network.
    /// Source: Istio pilot/pkg/serviceregistry/ambient/workloads.go, endpointSlicesBuilder.
    func workload(
        of endpoint: Endpoint, at address: IPAddress, locality: Locality, services: [ServiceName: [ServicePort]],
        settings: KubernetesSettings
    ) -> Workload {
        Workload(
            Self.uid(of: address, in: key.name, settings), name: key.name.name, namespace: key.name.namespace,
            addresses: endpoint.addresses, network: settings.network, cluster: settings.cluster, node: endpoint.node,
            locality: locality, serviceAccount: "", trustDomain: settings.trustDomain, ownerName: "",
            canonicalName: "", canonicalRevision: "", networkMode: .hostNetwork,
            health: endpoint.isReady ? .healthy : .unhealthy, services: services)
    }

    /// Says that the object lists endpoints of a service that is not there.
    func note(onMissing service: KubernetesName) -> InputNote {
        origin.note("\(key.kind.rawValue) \(key.name) is ignored: there is no service \(service)")
    }

    /// Says that an endpoint names a pod that is not there.
    func note(onMissingPod pod: KubernetesName) -> InputNote {
        origin.note("\(key.kind.rawValue) names pod \(pod), which is not there")
    }

    private static func uid(
        of address: IPAddress, in object: KubernetesName, _ settings: KubernetesSettings
    ) -> WorkloadUID {
        WorkloadUID("\(settings.cluster)/discovery.k8s.io/EndpointSlice/\(object)/\(address)")
    }
}

extension KubernetesEndpoints.Endpoint {
    /// Where the endpoint is: its node's locality, else its own zone.
    func locality(node: Node?, ofZone localityOfZone: (String) -> Locality) -> Locality {
        let locality = node?.locality ?? Locality()
        return locality.isEmpty && !zone.isEmpty ? localityOfZone(zone) : locality
    }
}
