import Model

extension KubernetesService {
    /// Whether the mesh has the service at all.
    func isInMesh(_ settings: KubernetesSettings) -> Bool {
        guard exposure != .externalName else { return false }
        return addressing != .virtual || settings.unknownAddresses == .invented
    }

    /// What is left out of the service, or that it is left out as a whole.
    func notes(_ settings: KubernetesSettings) -> [InputNote] {
        if exposure == .externalName {
            return [origin.note("service \(name) is ignored: ExternalName services have no endpoints")]
        }
        guard isInMesh(settings) else {
            return [origin.note("service \(name) is left out: it has no clusterIP yet")]
        }
        return notes
    }

    /// The service that istiod makes of the object.
    /// Source: Istio pilot/pkg/serviceregistry/ambient/services.go, constructService.
    func service(
        named serviceName: ServiceName, addresses: [IPAddress], settings: KubernetesSettings,
        namespace: KubernetesNamespace?
    ) -> Service {
        Service(
            serviceName, shortName: name.name,
            addresses: addresses.map { NetworkAddress(network: settings.network, $0) }, ports: ports,
            waypoint: waypoint(for: metadata, in: name, namespace: namespace, settings: settings),
            loadBalancing: loadBalancing(namespace: namespace))
    }

    /// How endpoints are chosen: `internalTrafficPolicy` first, then the traffic distribution of the spec, of the
    /// service's annotation, of the namespace's.
    private func loadBalancing(namespace: KubernetesNamespace?) -> LoadBalancing {
        var result = LoadBalancing()
        if isNodeLocal {
            result = LoadBalancing(.strict, preferring: [.node])
        } else {
            let name = KubernetesAnnotation.trafficDistribution
            let annotation = metadata.annotations[name] ?? namespace?.metadata.annotations[name] ?? ""
            if let preference = Self.preference(trafficDistribution) ?? Self.preference(annotation) {
                result = LoadBalancing(.failover, preferring: preference)
            }
        }
        if publishesNotReadyAddresses { result.healthPolicy = .allowAll }
        return result
    }

    /// What a traffic distribution prefers, nil for none and for unknown ones.
    private static func preference(_ distribution: String) -> [LoadBalancing.Scope]? {
        switch distribution.lowercased() {
        case "preferclose", "prefersamezone": [.network, .region, .zone]
        case "prefersamenode": [.network, .region, .zone, .subzone, .node]
        default: nil
        }
    }

    /// The port of a pod to which each port of the service leads. Ports whose name the pod does not have are left out.
    func ports(on pod: KubernetesPodSpec) -> [ServicePort] {
        ports.compactMap { port in
            if port.targetName.isEmpty { return ServicePort(port.servicePort, to: port.targetPort) }
            return pod.namedPorts[port.targetName].map { ServicePort(port.servicePort, to: $0) }
        }
    }

    /// The ports of an endpoint that lists them by the names of the service's ports.
    func ports(listed: [KubernetesEndpoints.Port]) -> [ServicePort] {
        listed.compactMap { port in
            ports.first { $0.name == port.name }.map { ServicePort($0.servicePort, to: port.number) }
        }
    }
}

/// The waypoint of a service or a pod: by its own label, else by its namespace's. Waypoints themselves have none.
/// Source: Istio pilot/pkg/serviceregistry/ambient/waypoints.go, fetchWaypointForTarget.
func waypoint(
    for metadata: KubernetesMetadata, in name: KubernetesName, namespace: KubernetesNamespace?,
    settings: KubernetesSettings
) -> Gateway? {
    guard metadata.labels[KubernetesLabel.managedGateway] == nil else { return nil }
    var labels = metadata.labels
    if labels[KubernetesLabel.useWaypoint] == nil { labels = namespace?.metadata.labels ?? [:] }
    guard let gateway = labels[KubernetesLabel.useWaypoint], !gateway.isEmpty, gateway != "none" else { return nil }
    let waypoint = KubernetesName(labels[KubernetesLabel.useWaypointNamespace] ?? name.namespace, gateway)
    let own = metadata.labels[KubernetesLabel.gatewayName]
    guard waypoint != name, own != gateway || waypoint.namespace != name.namespace else { return nil }
    return Gateway(.service(settings.serviceName(of: waypoint)))
}
