import Model

extension MeshInput {
    /// What a dump of maps says about services and workloads: each is one entry, named as the table of names has it.
    func addRecorded(_ dump: MapDump, on node: String, to mesh: inout Mesh) throws(InputError) {
        if mesh.nodes[node] == nil { mesh.nodes[node] = Node(node) }
        for service in Self.services(in: dump) where mesh.services[service.name] == nil {
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
            mesh.workloads[uid] = Workload(
                uid, name: parts.last ?? text, namespace: parts.count > 1 ? parts[parts.count - 2] : "",
                addresses: [value.addr.address], node: node, services: services)
        }
    }

    /// The services that a dump has both an entry and a name of, so that people can call them by it; virtual IPs are
    /// the frontends that lead there. The rest of them is not read: lookups go by the maps.
    private static func services(in dump: MapDump) -> [Service] {
        var addresses: [UInt32: [NetworkAddress]] = [:]
        for bytes in dump.entries[.frontend] ?? [] {
            guard let key = layout(FrontendKey.self, from: bytes.key),
                let value = layout(FrontendValue.self, from: bytes.value)
            else { continue }
            addresses[value.upstream_id, default: []].append(NetworkAddress(key.addr.address))
        }
        return (dump.entries[.service] ?? []).compactMap { bytes in
            guard let key = layout(ServiceKey.self, from: bytes.key),
                let name = dump.names[key.service_id].flatMap({ ServiceName($0) })
            else { return nil }
            return Service(name, addresses: addresses[key.service_id] ?? [])
        }
    }
}
