public import KernelABI
public import Model

/// Picks an endpoint of a service by its policy.
public struct EndpointSelection: Sendable {
    /// What was picked.
    public enum Pick: Sendable {
        case address(IPAddress)
        case waypoint(IPAddress, port: UInt16)
        case failed(Reason)
    }

    /// Endpoints tried in one priority when some are not usable.
    @usableFromInline static let tryCount = UInt32(KM_ENDPOINT_TRY_COUNT)

    @usableFromInline let options: DataplaneOptions
    @usableFromInline let family: AddressFamily
    @usableFromInline let id: ResourceID
    @usableFromInline let policy: UInt32
    /// Endpoints at each priority.
    @usableFromInline let counts: InlineArray<7, UInt32>

    @inlinable
    init(options: DataplaneOptions, family: AddressFamily, id: ResourceID, service: ServiceValue) {
        self.options = options
        self.family = family
        self.id = id
        policy = service.lb_policy
        counts = service.endpointCounts
    }

    @inlinable
    func pick(
        maps: inout some MapAccess, generator: inout SplitMix64, recorder: inout some DecisionRecorder
    ) -> Pick {
        switch policy {
        case BalancingPolicy.random.rawValue, BalancingPolicy.strict.rawValue:
            let isRandom = policy == BalancingPolicy.random.rawValue
            guard counts[0] > 0 else { return .failed(isRandom ? .randomEmpty : .noEndpoint) }
            let draw = generator.draw()
            return pick(priority: 0, count: counts[0], draw, maps: &maps, recorder: &recorder)
        case BalancingPolicy.failover.rawValue:
            return failover(maps: &maps, generator: &generator, recorder: &recorder)
        case BalancingPolicy.passthrough.rawValue: return .failed(.passthrough)
        default: return .failed(.unknownPolicy)
        }
    }

    /// The first priority that has endpoints; where missing ones are stepped over, also those after it, with the draw
    /// that was made.
    @inlinable
    func failover(
        maps: inout some MapAccess, generator: inout SplitMix64, recorder: inout some DecisionRecorder
    ) -> Pick {
        var draw: UInt32?
        var result = Pick.failed(.noEndpoint)
        for priority in 0..<7 where counts[priority] > 0 {
            let number = draw ?? generator.draw()
            draw = number
            result = pick(priority: UInt32(priority), count: counts[priority], number, maps: &maps, recorder: &recorder)
            guard isSteppedOver(result) else { return result }
        }
        return result
    }

    /// Whether the next endpoint is tried: after a missing one where that is wanted, after one of the other family
    /// always.
    @inlinable
    func isSteppedOver(_ pick: Pick) -> Bool {
        guard case .failed(let reason) = pick else { return false }
        return options.missingEntry == .tryNext || reason == .familyMismatch
    }

    /// The endpoint that the draw gives, or where missing ones are stepped over, the next usable one.
    @inlinable
    func pick(
        priority: UInt32, count: UInt32, _ draw: UInt32, maps: inout some MapAccess,
        recorder: inout some DecisionRecorder
    ) -> Pick {
        recorder.record(.draw(draw, count: count))
        let start = draw % count
        let first = candidate(priority, start, maps: &maps, recorder: &recorder)
        guard isSteppedOver(first) else { return first }
        for step in 1..<max(min(count, Self.tryCount), 1) {
            let index = UInt32((UInt64(start) + UInt64(step)) % UInt64(count))
            let next = candidate(priority, index, maps: &maps, recorder: &recorder)
            guard isSteppedOver(next) else { return next }
        }
        return .failed(options.missingEntry == .tryNext ? .noUsableEndpoint : .familyMismatch)
    }

    /// The endpoint at an index from 0.
    @inlinable
    func candidate(
        _ priority: UInt32, _ index: UInt32, maps: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Pick {
        let key = EndpointKey(service_id: id, prio: priority, backend_index: index &+ 1)
        let endpoint = maps.endpoint(key)
        recorder.record(.endpoint(key, endpoint))
        guard let uid = endpoint?.backend_uid else {
            recorder.record(.option(.missingEntry))
            return .failed(.endpointMissing)
        }
        let backend = maps.backend(uid)
        recorder.record(.backend(uid, backend))
        guard let backend else {
            recorder.record(.option(.missingEntry))
            return .failed(.backendMissing)
        }
        if backend.hasWaypoint(.firstWord) != backend.hasWaypoint(.addressAndPort) {
            recorder.record(.option(.waypointTest))
        }
        if backend.hasWaypoint(options.waypointTest) {
            if backend.wp_addr.family != family { recorder.record(.option(.mixedFamilies)) }
            guard let address = usable(backend.wp_addr) else { return .failed(.familyMismatch) }
            return .waypoint(address, port: hostPort(backend.waypoint_port))
        }
        if backend.addr.family != family && options.extras == .drop { recorder.record(.option(.mixedFamilies)) }
        if let address = usable(backend.addr) { return .address(address) }
        guard options.extras == .keep else { return .failed(.familyMismatch) }
        let alternative = maps.backendAlternative(uid)
        recorder.record(.backendAlternative(uid, alternative))
        if let address = alternative.flatMap({ usable($0.addr) }) { return .address(address) }
        recorder.record(.option(.mixedFamilies))
        return .failed(.familyMismatch)
    }

    /// The address as this family's program reads it, nil when it is of the other family and that is told apart.
    @inlinable
    func usable(_ address: MapAddress) -> IPAddress? {
        if options.mixedFamilies == .skip && address.family != family { return nil }
        return family == .v4 ? address.asV4 : address.asV6
    }
}
