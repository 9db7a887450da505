import Model

extension MeshInput {
    /// What a dump of maps says about services and workloads: each is one entry, named as the table of names has it.
    func addRecorded(_ dump: MapDump, on node: String, to mesh: inout Mesh) throws(InputError) {
        if mesh.nodes[node] == nil { mesh.nodes[node] = Node(node) }
        let frontends = Self.frontends(in: dump)
        let claimed = Set(frontends.values.joined())
        for service in Self.services(in: dump, frontends) where mesh.services[service.name] == nil {
            mesh.services[service.name] = service
        }
        for bytes in dump.entries[.backend] ?? [] {
            guard let key = layout(BackendKey.self, from: bytes.key), key.backend_uid != 0,
                let value = layout(BackendValue.self, from: bytes.value)
            else { continue }
            let text = dump.names[key.backend_uid] ?? "recorded//Pod//backend-\(key.backend_uid)"
            let uid = WorkloadUID(text)
            guard mesh.workloads[uid] == nil else { continue }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            var services: [ServiceName: [ServicePort]] = [:]
            for index in 0..<min(Int(value.service_count), 10) {
                guard let name = dump.names[value.services[index]].flatMap({ ServiceName($0) }) else { continue }
                services[name] = []
            }
            // The entry has room for one address; a workload is found by its others too.
            let others = (frontends[key.backend_uid] ?? []).filter { $0 != value.addr.address }
            mesh.workloads[uid] = Workload(
                uid, name: parts.last ?? text, namespace: parts.count > 1 ? parts[parts.count - 2] : "",
                addresses: [value.addr.address] + others, node: node,
                // A workload in its node's network has no frontend of its own.
                networkMode: claimed.contains(value.addr.address) ? .standard : .hostNetwork, services: services)
        }
    }

    /// The services that a dump has both an entry and a name of, so that people can call them by it; virtual IPs are
    /// the frontends that lead there. The rest of them is not read: lookups go by the maps.
    private static func services(in dump: MapDump, _ frontends: [UInt32: [IPAddress]]) -> [Service] {
        (dump.entries[.service] ?? []).compactMap { bytes in
            guard let key = layout(ServiceKey.self, from: bytes.key),
                let name = dump.names[key.service_id].flatMap({ ServiceName($0) })
            else { return nil }
            return Service(name, addresses: (frontends[key.service_id] ?? []).map { NetworkAddress($0) })
        }
    }

    /// Addresses by the id that their frontends lead to, in the order of the dump.
    private static func frontends(in dump: MapDump) -> [UInt32: [IPAddress]] {
        var addresses: [UInt32: [IPAddress]] = [:]
        for bytes in dump.entries[.frontend] ?? [] {
            guard let key = layout(FrontendKey.self, from: bytes.key),
                let value = layout(FrontendValue.self, from: bytes.value)
            else { continue }
            addresses[value.upstream_id, default: []].append(key.addr.address)
        }
        return addresses
    }
}
