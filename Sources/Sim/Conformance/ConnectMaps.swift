import Inputs
import KernelABI
import Model

/// Reads the map contents of a `connect` case.
struct ConnectMaps {
    let file: String
    private(set) var maps: MapStore

    /// - Parameter node: A mapping from map names to their entries; nil for empty maps.
    init(_ node: DocumentNode?, file: String, capacities: MapCapacities) throws(InputError) {
        self.file = file
        maps = MapStore(capacities: capacities)
        guard let node else { return }
        var fields = try Fields(node, file: file, what: "\"maps\"")
        for entry in try fields.entries("km_frontend") {
            let key = FrontendKey(try address(entry))
            try put(.frontend(key, FrontendValue(upstream_id: try fields.number(entry.value, key: entry.key))), entry)
        }
        for entry in try fields.entries("km_service") {
            let key = ServiceKey(service_id: try fields.number(key: entry))
            try put(.service(key, try service(entry.value)), entry)
        }
        for entry in try fields.entries("km_endpoint") {
            let uid: ResourceID = try fields.number(entry.value, key: entry.key)
            try put(.endpoint(try endpointKey(entry), EndpointValue(backend_uid: uid)), entry)
        }
        for entry in try fields.entries("km_backend") {
            let key = BackendKey(backend_uid: try fields.number(key: entry))
            try put(.backend(key, try backend(entry.value)), entry)
        }
        // A map that is not known here would be left out without a word.
        try fields.finish()
    }

    private mutating func put(_ entry: MapEntry, _ source: DocumentNode.Entry) throws(InputError) {
        do {
            try maps.put(entry)
        } catch {
            throw InputError(file, source.keyPosition, "\(entry.key.mapName) refuses \"\(source.key)\": \(error.name)")
        }
    }

    private func address(_ entry: DocumentNode.Entry) throws(InputError) -> IPAddress {
        guard let address = IPAddress(entry.key) else {
            throw InputError(file, entry.keyPosition, "\"\(entry.key)\" must be an IP address")
        }
        return address
    }

    private func endpointKey(_ entry: DocumentNode.Entry) throws(InputError) -> EndpointKey {
        let parts = entry.key.split(separator: "/", omittingEmptySubsequences: false).map { UInt32($0) }
        guard parts.count == 3, let service = parts[0], let priority = parts[1], let index = parts[2] else {
            throw InputError(file, entry.keyPosition, "\"\(entry.key)\" must be service/priority/index")
        }
        return EndpointKey(service_id: service, prio: priority, backend_index: index)
    }

    private func service(_ node: DocumentNode) throws(InputError) -> ServiceValue {
        var fields = try Fields(node, file: file, what: "a service")
        var value = ServiceValue()
        value.endpointCounts = try counts(fields.list("endpointCounts"), fields)
        value.lb_policy = try fields.number("lbPolicy") ?? 0
        let ports = try fields.ports("ports")
        var servicePorts = value.servicePorts
        var targetPorts = value.targetPorts
        guard ports.count <= servicePorts.count else {
            throw InputError(file, node.position, "\(ports.count) ports; km_service holds \(servicePorts.count)")
        }
        for (index, port) in ports.enumerated() {
            servicePorts[index] = mapPort(port.servicePort)
            targetPorts[index] = mapPort(port.targetPort)
        }
        value.servicePorts = servicePorts
        value.targetPorts = targetPorts
        if let waypoint = try waypoint(&fields) {
            value.wp_addr = MapAddress(waypoint.address)
            value.waypoint_port = mapPort(waypoint.port)
        }
        try fields.finish()
        return value
    }

    private func counts(_ nodes: [DocumentNode], _ fields: Fields) throws(InputError) -> InlineArray<7, UInt32> {
        var counts = InlineArray<7, UInt32>(repeating: 0)
        for (priority, node) in nodes.enumerated() {
            guard priority < counts.count else {
                throw InputError(file, node.position, "there are \(counts.count) priorities only")
            }
            counts[priority] = try fields.number(node, key: "endpointCounts")
        }
        return counts
    }

    private func backend(_ node: DocumentNode) throws(InputError) -> BackendValue {
        var fields = try Fields(node, file: file, what: "a backend")
        var value = BackendValue()
        if let address = try fields.address("address") { value.addr = MapAddress(address) }
        if let waypoint = try waypoint(&fields) {
            value.wp_addr = MapAddress(waypoint.address)
            value.waypoint_port = mapPort(waypoint.port)
        }
        try fields.finish()
        return value
    }

    private func waypoint(_ fields: inout Fields) throws(InputError) -> SocketAddress? {
        fields.node("waypoint") == nil ? nil : try fields.requiredSocketAddress("waypoint")
    }
}
