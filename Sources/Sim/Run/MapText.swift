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
            return maps.nodeInfo.sortedEntries.first { sameBytes($0.key, key) }.map { .nodeInfo(key, $0.value) }
        }
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
        case .backendAlternative, .servicePort: return entry
        }
    }

    private func number(_ value: DocumentNode, _ place: Place) throws(InputError) -> UInt32 {
        guard let number = value.integer.flatMap({ UInt32(exactly: $0) }) else {
            throw InputError(place.file, value.position, "must be a number from 0 to 4294967295")
        }
        return number
    }

    private func changed(
        _ old: ServiceValue, by node: DocumentNode, at place: Place
    ) throws(InputError) -> ServiceValue {
        var value = old
        var fields = try Fields(node, file: place.file, what: "an entry of km_service")
        if fields.has("endpointCounts") {
            var counts = value.endpointCounts
            for (index, count) in fields.list("endpointCounts").prefix(7).enumerated() {
                counts[index] = try number(count, place)
            }
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
            for (index, entry) in (ports.entries ?? []).prefix(10).enumerated() {
                guard let port = UInt16(entry.key), let target = entry.value.integer.flatMap({ UInt16(exactly: $0) })
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

    // MARK: Text

    /// An entry's value in words, names instead of ids.
    func text(_ entry: MapEntry) -> String {
        func name(_ id: ResourceID) -> String { node.name(of: id) ?? "\(id)" }
        switch entry {
        case .frontend(_, let value): return name(value.upstream_id)
        case .endpoint(_, let value): return name(value.backend_uid)
        case .service(let key, let value):
            return TraceNamer(book: book, node: node, options: world.options)
                .trace(HookEvent(.connect4, node: node.name, .none, [.service(key.service_id, value)])).steps[0].value
        case .backend(let key, let value):
            return TraceNamer(book: book, node: node, options: world.options)
                .trace(HookEvent(.connect4, node: node.name, .none, [.backend(key.backend_uid, value)])).steps[0].value
        case .backendAlternative(_, let value): return "\(value.addr.address)"
        case .servicePort(_, let value): return "target port \(hostPort(value.target_port))"
        case .manage(_, let value): return "\(value.state)"
        case .nodeInfo(_, let value): return "\(value)"
        }
    }
}

extension ScenarioRunner {
    /// Changes map entries behind the compiler's back.
    mutating func mapWrite(_ step: MapWrites, _ result: inout StepResult) throws(InputError) {
        var nodes = world.nodeNames
        if let node = step.node {
            guard nodes.contains(node.value) else { throw node.error("node \"\(node.value)\" has no maps") }
            nodes = [node.value]
        }
        result.title = "write maps of \(nodes.joined(separator: ", "))"
        for name in nodes {
            for write in step.writes { try self.write(write, node: name, &result) }
        }
    }

    private mutating func write(
        _ write: MapWrites.Write, node name: String, _ result: inout StepResult
    ) throws(InputError) {
        guard let node = world.nodes[name] else { return }
        let text = MapText(node: node, book: book, world: world)
        let mapWrite: MapWrite
        let key: Located<String>
        switch write {
        case .delete(let map, let deleted):
            key = deleted
            guard let found = try text.key(map, key) else { throw key.error("\"\(key.value)\" has no id on \(name)") }
            mapWrite = .delete(found)
            result.facts.append("\(name): delete \(map.rawValue) \(key.value)")
        case .put(let map, let put, let value):
            key = put
            guard let found = try text.key(map, key) else { throw key.error("\"\(key.value)\" has no id on \(name)") }
            let old = text.entry(found) ?? MapText.emptyEntry(found)
            mapWrite = .put(try text.entry(old, changedBy: value, at: key.place))
            result.facts.append("\(name): put \(map.rawValue) \(key.value)")
        }
        do throws(MapError) {
            try world.write(mapWrite, node: name)
        } catch {
            throw key.error("the map refuses it: \(error.name)")
        }
    }
}
