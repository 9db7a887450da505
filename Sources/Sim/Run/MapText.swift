import Inputs
import KernelABI
import Model
import Scenario

/// Keys and values of a node's maps as scenario files write them.
struct MapText {
    let node: NodeDataplane
    let book: NameBook
    let world: World

    // MARK: Keys

    /// The key that a text means; nil for a name that has no id on this node.
    func key(_ map: MapName, _ text: Located<String>) throws(InputError) -> MapEntryKey? {
        if let bytes = try Self.bytes(writtenAs: text) { return try Self.key(bytes, of: map, text) }
        switch map {
        case .frontend:
            guard let address = IPAddress(text.value) else { throw text.error("a key of km_frontend is an IP address") }
            return .frontend(FrontendKey(address))
        case .service:
            return try service(text).map { .service(ServiceKey(service_id: $0)) }
        case .endpoint:
            let parts = text.value.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count >= 3, let priority = UInt32(parts[parts.count - 2]),
                let index = UInt32(parts[parts.count - 1])
            else { throw text.error("a key of km_endpoint is service/priority/index, index from 1") }
            let name = parts.dropLast(2).joined(separator: "/")
            return try service(Located(name, at: text.place)).map {
                .endpoint(EndpointKey(service_id: $0, prio: priority, backend_index: index))
            }
        case .backend:
            return try workload(text).map { .backend(BackendKey(backend_uid: $0)) }
        case .backendAlternative:
            return try workload(text).map { .backendAlternative(BackendKey(backend_uid: $0)) }
        case .servicePort:
            let parts = text.value.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count >= 2, let port = parts.last.flatMap({ UInt16($0) }), port != 0 else {
                throw text.error("a key of km_service_port is service/port")
            }
            let name = parts.dropLast().joined(separator: "/")
            return try service(Located(name, at: text.place)).map {
                .servicePort(ServicePortKey(service_id: $0, service_port: mapPort(port)))
            }
        case .manage:
            if let address = IPAddress(text.value) { return .manage(ManageKey(address)) }
            guard let uid = book.workloads(text.value).first, let cookie = world.namespaces[uid]?.cookie else {
                throw text.error("a key of km_manage is an IP address or a pod")
            }
            return .manage(ManageKey(cookie: cookie))
        case .nodeInfo:
            guard let prefix = Prefix(text.value) else { throw text.error("a key of km_nodeinfo is a prefix") }
            return .nodeInfo(NodeInfoKey(prefix))
        }
    }

    private func service(_ text: Located<String>) throws(InputError) -> ResourceID? {
        if let id = ResourceID(text.value) { return id }
        if let id = node.id(of: text.value) { return id }
        let found = book.services(text.value, from: "default")
        guard found.count <= 1 else {
            throw text.error("several services are named \"\(text.value)\"; write namespace/hostname")
        }
        return found.first.flatMap { node.id(of: $0.description) }
    }

    private func workload(_ text: Located<String>) throws(InputError) -> ResourceID? {
        if let id = ResourceID(text.value) { return id }
        if let id = node.id(of: text.value) { return id }
        let found = book.workloads(text.value)
        guard found.count <= 1 else {
            throw text.error("several workloads are named \"\(text.value)\"; write one pod's name")
        }
        return found.first.flatMap { node.id(of: $0.text) }
    }

    /// A service or a workload.
    private func resource(_ text: Located<String>) throws(InputError) -> ResourceID {
        if let id = try service(text) { return id }
        if let id = try workload(text) { return id }
        throw text.error("nothing named \"\(text.value)\" has an id on node \(node.name)")
    }

    // MARK: Entries

    func count(of map: MapName) -> Int {
        switch map {
        case .frontend: node.maps.frontend.count
        case .service: node.maps.service.count
        case .endpoint: node.maps.endpoint.count
        case .backend: node.maps.backend.count
        case .backendAlternative: node.maps.backendAlternative.count
        case .servicePort: node.maps.servicePort.count
        case .manage: node.maps.manage.count
        case .nodeInfo: node.maps.nodeInfo.count
        }
    }

    /// The entry of a key, nil when missing.
    func entry(_ key: MapEntryKey) -> MapEntry? {
        let maps = node.maps
        switch key {
        case .frontend(let key): return maps.frontend.lookup(key).map { .frontend(key, $0) }
        case .service(let key): return maps.service.lookup(key).map { .service(key, $0) }
        case .endpoint(let key): return maps.endpoint.lookup(key).map { .endpoint(key, $0) }
        case .backend(let key): return maps.backend.lookup(key).map { .backend(key, $0) }
        case .backendAlternative(let key):
            return maps.backendAlternative.lookup(key).map { .backendAlternative(key, $0) }
        case .servicePort(let key): return maps.servicePort.lookup(key).map { .servicePort(key, $0) }
        case .manage(let key): return maps.manage.lookup(key).map { .manage(key, $0) }
        case .nodeInfo(let key):
            return maps.nodeInfo.sortedEntries.first { Self.network($0.key) == Self.network(key) }
                .map { .nodeInfo(key, $0.value) }
        }
    }

    /// A prefix without its host bits, which the trie ignores.
    private static func network(_ key: NodeInfoKey) -> Prefix? {
        Prefix(key.addr.asV6, length: Int(key.prefix_length)).flatMap { Prefix($0.network, length: $0.length) }
    }

    /// An entry with nothing in it.
    static func emptyEntry(_ key: MapEntryKey) -> MapEntry {
        switch key {
        case .frontend(let key): .frontend(key, FrontendValue())
        case .service(let key): .service(key, ServiceValue())
        case .endpoint(let key): .endpoint(key, EndpointValue())
        case .backend(let key): .backend(key, BackendValue())
        case .backendAlternative(let key): .backendAlternative(key, BackendAlternative())
        case .servicePort(let key): .servicePort(key, ServicePortValue())
        case .manage(let key): .manage(key, ManageValue())
        case .nodeInfo(let key): .nodeInfo(key, 1)
        }
    }

    /// The entry with what a scenario writes about it put in.
    func entry(_ entry: MapEntry, changedBy value: DocumentNode, at place: Place) throws(InputError) -> MapEntry {
        func name() throws(InputError) -> ResourceID {
            guard let text = value.text else { throw InputError(place.file, value.position, "must be a name or an id") }
            return try resource(Located(text, at: Place(place.file, value.position)))
        }
        if let text = value.text {
            let located = Located(text, at: Place(place.file, value.position))
            if let bytes = try Self.bytes(writtenAs: located) { return try Self.entry(entry, value: bytes, located) }
        }
        switch entry {
        case .frontend(let key, _): return .frontend(key, FrontendValue(upstream_id: try name()))
        case .endpoint(let key, _):
            guard let text = value.text else { throw InputError(place.file, value.position, "must be a workload") }
            let located = Located(text, at: Place(place.file, value.position))
            guard let uid = try workload(located) else { throw located.error("no workload \"\(text)\" has an id here") }
            return .endpoint(key, EndpointValue(backend_uid: uid))
        case .service(let key, let old): return .service(key, try changed(old, by: value, at: place))
        case .backend(let key, let old): return .backend(key, try changed(old, by: value, at: place))
        case .manage(let key, _):
            return .manage(key, ManageValue(state: try number(value, place)))
        case .nodeInfo(let key, _): return .nodeInfo(key, try number(value, place))
        case .backendAlternative(let key, _):
            guard let address = value.text.flatMap({ IPAddress($0) }) else {
                throw InputError(place.file, value.position, "must be an IP address")
            }
            return .backendAlternative(key, BackendAlternative(addr: MapAddress(address)))
        case .servicePort(let key, _):
            guard let port = value.integer.flatMap({ UInt16(exactly: $0) }) else {
                throw InputError(place.file, value.position, "must be a port")
            }
            return .servicePort(key, ServicePortValue(target_port: mapPort(port)))
        }
    }

    private func number(_ value: DocumentNode, _ place: Place) throws(InputError) -> UInt32 {
        guard let number = value.integer.flatMap({ UInt32(exactly: $0) }) else {
            throw InputError(place.file, value.position, "must be a number from 0 to 4294967295")
        }
        return number
    }

    /// A key without a value would change nothing, unnoticed.
    private func requireValues(_ node: DocumentNode, _ place: Place) throws(InputError) {
        guard let entry = (node.entries ?? []).first(where: \.value.isNull) else { return }
        throw InputError(place.file, entry.keyPosition, "\"\(entry.key)\" has no value")
    }

    private func changed(
        _ old: ServiceValue, by node: DocumentNode, at place: Place
    ) throws(InputError) -> ServiceValue {
        var value = old
        try requireValues(node, place)
        var fields = try Fields(node, file: place.file, what: "an entry of km_service")
        if let written = fields.node("endpointCounts") {
            let list = written.elements ?? [written]
            guard list.count <= 7 else {
                throw InputError(place.file, written.position, "there are 7 priorities, not \(list.count)")
            }
            var counts = value.endpointCounts
            for (index, count) in list.enumerated() { counts[index] = try number(count, place) }
            value.endpointCounts = counts
        }
        if let policy = try fields.string("policy") {
            guard let mode = LoadBalancing.Mode(rawValue: policy) else {
                throw place.error("\"policy\" must be random, strict, failover or passthrough, not \"\(policy)\"")
            }
            value.lb_policy = LoadBalancing(mode).policy.rawValue
        }
        if let ports = fields.node("ports") {
            var listed = InlineArray<10, UInt32>(repeating: 0)
            var targets = InlineArray<10, UInt32>(repeating: 0)
            guard let entries = ports.entries else {
                throw InputError(place.file, ports.position, "ports are written as {80: 8080}, not \(ports.kindName)")
            }
            guard entries.count <= 10 else {
                throw InputError(place.file, ports.position, "a service has at most 10 ports, not \(entries.count)")
            }
            for (index, entry) in entries.enumerated() {
                guard let port = UInt16(entry.key), port != 0,
                    let target = entry.value.integer.flatMap({ UInt16(exactly: $0) })
                else { throw InputError(place.file, entry.keyPosition, "ports are written as 80: 8080") }
                listed[index] = mapPort(port)
                targets[index] = mapPort(target)
            }
            value.servicePorts = listed
            value.targetPorts = targets
        }
        (value.wp_addr, value.waypoint_port) = try waypoint(&fields, (value.wp_addr, value.waypoint_port), place)
        try fields.finish()
        return value
    }

    private func changed(
        _ old: BackendValue, by node: DocumentNode, at place: Place
    ) throws(InputError) -> BackendValue {
        var value = old
        try requireValues(node, place)
        var fields = try Fields(node, file: place.file, what: "an entry of km_backend")
        if let address = try fields.address("address") { value.addr = MapAddress(address) }
        (value.wp_addr, value.waypoint_port) = try waypoint(&fields, (value.wp_addr, value.waypoint_port), place)
        try fields.finish()
        return value
    }

    private func waypoint(
        _ fields: inout Fields, _ old: (MapAddress, UInt32), _ place: Place
    ) throws(InputError) -> (MapAddress, UInt32) {
        guard let text = try fields.string("waypoint") else { return old }
        if text == "none" { return (.zero, 0) }
        guard let address = SocketAddress(text) else {
            throw place.error("\"waypoint\" must be address:port or none, not \"\(text)\"")
        }
        return (MapAddress(address.address), mapPort(address.port))
    }

    // MARK: Comparing

    /// The bytes of an entry's value, for comparing: text leaves out what seldom matters.
    static func bytes(_ entry: MapEntry) -> [UInt8] {
        switch entry {
        case .frontend(_, let value): layoutBytes(of: value)
        case .service(_, let value): layoutBytes(of: value)
        case .endpoint(_, let value): layoutBytes(of: value)
        case .backend(_, let value): layoutBytes(of: value)
        case .backendAlternative(_, let value): layoutBytes(of: value)
        case .servicePort(_, let value): layoutBytes(of: value)
        case .manage(_, let value): layoutBytes(of: value)
        case .nodeInfo(_, let value): layoutBytes(of: value)
        }
    }

    // MARK: Text

    /// An entry's value in words, names instead of ids.
    func text(_ entry: MapEntry) -> String {
        func name(_ id: ResourceID) -> String { node.name(of: id) ?? "\(id)" }
        let namer = TraceNamer(book: book, node: node, options: world.options)
        switch entry {
        case .frontend(_, let value): return name(value.upstream_id)
        case .endpoint(_, let value): return name(value.backend_uid)
        case .service(_, let value): return namer.service(value)
        case .backend(_, let value): return namer.backend(value)
        case .backendAlternative(_, let value): return "\(value.addr.address)"
        case .servicePort(_, let value): return "target port \(hostPort(value.target_port))"
        case .manage(_, let value): return "\(value.state)"
        case .nodeInfo(_, let value): return "\(value)"
        }
    }
}
