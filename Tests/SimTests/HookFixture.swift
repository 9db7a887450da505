import KernelABI
import Model
import Sim

/// Maps written by hand, entry by entry, for tests of single hooks.
struct HookFixture {
    static let cookie: UInt64 = 77

    var maps = MapStore(capacities: .upstream)
    var storage: SocketStorage?
    var generator = SplitMix64(seed: 1)
    var trace = Trace()
    var options: DataplaneOptions

    init(_ preset: Preset, managed: Bool = true) {
        options = DataplaneOptions(preset)
        if managed { maps.manage(ManageKey(cookie: Self.cookie)) }
    }

    mutating func frontend(_ address: String, _ id: ResourceID) throws {
        try maps.frontend.update(FrontendKey(parsed(address)), to: FrontendValue(upstream_id: id))
    }

    mutating func service(
        _ id: ResourceID, counts: [UInt32], policy: UInt32 = 0, ports: [(UInt16, UInt16)] = [(80, 8080)],
        waypoint: String? = nil
    ) throws {
        var value = ServiceValue()
        var all = value.endpointCounts
        for (index, count) in counts.enumerated() { all[index] = count }
        value.endpointCounts = all
        value.lb_policy = policy
        var (listed, targets) = (value.servicePorts, value.targetPorts)
        for (index, port) in ports.enumerated() {
            listed[index] = mapPort(port.0)
            targets[index] = mapPort(port.1)
        }
        value.servicePorts = listed
        value.targetPorts = targets
        if let waypoint = waypoint.flatMap({ SocketAddress($0) }) {
            value.wp_addr = MapAddress(waypoint.address)
            value.waypoint_port = mapPort(waypoint.port)
        }
        try maps.service.update(ServiceKey(service_id: id), to: value)
    }

    mutating func endpoint(_ id: ResourceID, _ priority: UInt32, _ index: UInt32, _ uid: ResourceID) throws {
        let key = EndpointKey(service_id: id, prio: priority, backend_index: index)
        try maps.endpoint.update(key, to: EndpointValue(backend_uid: uid))
    }

    mutating func backend(_ uid: ResourceID, _ address: String, waypoint: String? = nil) throws {
        var value = BackendValue(addr: parsed(address))
        if let waypoint = waypoint.flatMap({ SocketAddress($0) }) {
            value.wp_addr = MapAddress(waypoint.address)
            value.waypoint_port = mapPort(waypoint.port)
        }
        try maps.backend.update(BackendKey(backend_uid: uid), to: value)
    }

    /// One service, 10.96.0.1:80 → 8080, with its endpoints at priority 0.
    mutating func oneService(_ addresses: [String], frontend: String = "10.96.0.1") throws {
        try self.frontend(frontend, 1)
        try service(1, counts: [UInt32(addresses.count)])
        for (index, address) in addresses.enumerated() {
            try endpoint(1, 0, UInt32(index + 1), ResourceID(101 + index))
            try backend(ResourceID(101 + index), address)
        }
    }

    mutating func connect(
        _ destination: String, isTCP: Bool = true, hasTailCalls: Bool = true, now: UInt64 = 5
    ) -> ConnectDecision {
        let target = socketAddress(destination)
        let call = SocketCall(cookie: Self.cookie, destination: target, isTCP: isTCP, now: now)
        let hook = ConnectHook(options: options, hasTailCalls: hasTailCalls)
        trace.removeAll()
        return target.address.family == .v4
            ? hook.connect4(call, maps: &maps, storage: &storage, generator: &generator, recorder: &trace)
            : hook.connect6(call, maps: &maps, storage: &storage, generator: &generator, recorder: &trace)
    }

    private func parsed(_ text: String) -> IPAddress { IPAddress(text) ?? .anyV4 }
}

/// An address of a test; a misspelt one shows as 0.0.0.0:0 in its failure.
func socketAddress(_ text: String) -> SocketAddress { SocketAddress(text) ?? SocketAddress(.anyV4, port: 0) }
