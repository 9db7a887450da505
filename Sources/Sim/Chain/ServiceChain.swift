public import KernelABI
public import Model

/// The lookup chain: frontend → service → endpoint → backend, steps 6 to 9 of a connect.
public struct ServiceChain: Sendable {
    /// Where the chain ends.
    public enum Result: Sendable {
        /// The connect proceeds to the address that the program asked for; nothing is remembered.
        case leave(Reason)
        /// The same, but it counts as a success: the destination is remembered as the original one.
        case stay(Reason)
        case backend(IPAddress, port: UInt16)
        case waypoint(IPAddress, port: UInt16, Reason)
        case refuse(Reason)
    }

    public let options: DataplaneOptions
    /// What IPv4 programs and mapped IPv6 sockets look for, or IPv6 ones.
    public let family: AddressFamily

    @inlinable
    public init(options: DataplaneOptions, family: AddressFamily) {
        self.options = options
        self.family = family
    }

    /// Follows the chain from a destination, which is unmapped.
    @inlinable
    public func resolve(
        _ destination: SocketAddress, maps: inout some MapAccess, generator: inout SplitMix64,
        recorder: inout some DecisionRecorder
    ) -> Result {
        let frontend = maps.frontend(destination.address)
        recorder.record(.frontend(destination.address, frontend))
        guard let id = frontend?.upstream_id else { return .leave(.noFrontend) }
        let service = maps.service(id)
        recorder.record(.service(id, service))
        guard let service else { return workload(id, maps: &maps, recorder: &recorder) }
        if service.hasWaypoint(.firstWord) != service.hasWaypoint(.addressAndPort) {
            recorder.record(.option(.waypointTest))
        }
        if service.hasWaypoint(options.waypointTest) {
            return waypoint(service.wp_addr, service.waypoint_port, .serviceWaypoint, recorder: &recorder)
        }
        return balance(id, service, destination.port, maps: &maps, generator: &generator, recorder: &recorder)
    }

    /// Step 7: the frontend names no service.
    @inlinable
    func workload(
        _ uid: ResourceID, maps: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Result {
        let backend = maps.backend(uid)
        recorder.record(.backend(uid, backend))
        guard let backend else { return .leave(.frontendDangling) }
        if backend.hasWaypoint(.firstWord) != backend.hasWaypoint(.addressAndPort) {
            recorder.record(.option(.waypointTest))
        }
        guard backend.hasWaypoint(options.waypointTest) else { return .stay(.workloadDirect) }
        return waypoint(backend.wp_addr, backend.waypoint_port, .workloadWaypoint, recorder: &recorder)
    }

    /// Step 9: picks an endpoint and its port.
    @inlinable
    func balance(
        _ id: ResourceID, _ service: ServiceValue, _ port: UInt16, maps: inout some MapAccess,
        generator: inout SplitMix64, recorder: inout some DecisionRecorder
    ) -> Result {
        let selection = EndpointSelection(options: options, family: family, id: id, service: service)
        switch selection.pick(maps: &maps, generator: &generator, recorder: &recorder) {
        case .failed(.passthrough): return .leave(.passthrough)
        case .failed(let reason):
            recorder.record(.option(.noEndpoint))
            if options.noEndpoint == .refuse { return .refuse(reason) }
            return reason == .randomEmpty ? .stay(reason) : .leave(reason)
        case .waypoint(let address, let port):
            return .waypoint(address, port: port, .backendWaypoint)
        case .address(let address):
            if let target = targetPort(of: port, id, service, maps: &maps, recorder: &recorder) {
                return .backend(address, port: target)
            }
            recorder.record(.option(.unlistedPort))
            return options.unlistedPort == .refuse ? .refuse(.portNotListed) : .leave(.portNotListed)
        }
    }

    /// The first listed port that is the caller's gives the target; ports beyond ten are in a map of our own.
    @inlinable
    func targetPort(
        of port: UInt16, _ id: ResourceID, _ service: ServiceValue, maps: inout some MapAccess,
        recorder: inout some DecisionRecorder
    ) -> UInt16? {
        let wanted = mapPort(port)
        let listed = service.servicePorts
        for index in 0..<Int(KM_SERVICE_PORT_COUNT) where listed[index] == wanted {
            // Upstream finds port 0 in the first free place of the list.
            if wanted == 0 && options.unlistedPort == .refuse { break }
            return hostPort(service.targetPorts[index])
        }
        guard options.extras == .keep else { return nil }
        let key = ServicePortKey(service_id: id, service_port: wanted)
        let extra = maps.servicePort(key)
        recorder.record(.servicePort(key, extra))
        return extra.map { hostPort($0.target_port) }
    }

    /// To a waypoint's address, in the form that this family's program gives it.
    @inlinable
    func waypoint(
        _ address: MapAddress, _ port: UInt32, _ reason: Reason, recorder: inout some DecisionRecorder
    ) -> Result {
        if address.family != family { recorder.record(.option(.mixedFamilies)) }
        if options.mixedFamilies == .skip && address.family != family {
            return options.noEndpoint == .refuse ? .refuse(.familyMismatch) : .leave(.familyMismatch)
        }
        return .waypoint(family == .v4 ? address.asV4 : address.asV6, port: hostPort(port), reason)
    }
}
