public import Model

/// Between a dump's bytes and the maps that the simulator looks things up in.
extension MapDump {
    /// Maps with what the dump holds. `km_wlpolicy` and `km_auth_res` have no place in a store; they stay in `entries`.
    /// - Throws: when an entry does not fit: more of them than `capacities` allow, a prefix that is too long.
    public func store(capacities: MapCapacities) throws(InputError) -> MapStore {
        var store = MapStore(capacities: capacities)
        for map in DumpedMap.allCases {
            for (index, bytes) in (entries[map] ?? []).enumerated() {
                do throws(MapError) {
                    guard let entry = try MapEntry(bytes, of: map) else { continue }
                    try store.put(entry)
                } catch {
                    let reason =
                        switch error {
                        case .full(let capacity), .noSpace(let capacity): "the map takes \(capacity) entries"
                        case .invalid: "the map cannot hold it"
                        case .missing: "it is not there"
                        }
                    throw InputError(map.fileName, nil, "entry \(index + 1): \(reason) (\(error.name))")
                }
            }
        }
        return store
    }

    /// The names as the table that gives ids to new ones.
    /// - Throws: for a name that a table cannot hold.
    public func nameTable() throws(InputError) -> NameTable {
        let text = names.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }.joined()
        do throws(NameTableError) {
            return try NameTable(serialized: text)
        } catch {
            throw InputError(Self.namesFileName, nil, error.message)
        }
    }

    /// The dump of a store.
    public init(of store: MapStore, names: NameTable = NameTable()) {
        func bytes<Key: BitwiseCopyable, Value: BitwiseCopyable>(
            _ entries: [(key: Key, value: Value)]
        ) -> [Entry] {
            entries.map { Entry(key: layoutBytes(of: $0.key), value: layoutBytes(of: $0.value)) }
        }
        self.init(
            entries: [
                .frontend: bytes(store.frontend.sortedEntries),
                .service: bytes(store.service.sortedEntries),
                .endpoint: bytes(store.endpoint.sortedEntries),
                .backend: bytes(store.backend.sortedEntries),
                .backendAlternative: bytes(store.backendAlternative.sortedEntries),
                .servicePort: bytes(store.servicePort.sortedEntries),
                .manage: bytes(store.manage.sortedEntries),
                .nodeInfo: bytes(store.nodeInfo.sortedEntries),
            ],
            names: Dictionary(uniqueKeysWithValues: names.sortedEntries.map { ($0.id, $0.name) }))
    }
}

extension MapEntry {
    /// The entry that the bytes of a dump hold, nil where a store has no such map.
    /// - Throws: `.invalid` when the sizes are not the map's.
    public init?(_ bytes: MapDump.Entry, of map: DumpedMap) throws(MapError) {
        func pair<Key: BitwiseCopyable, Value: BitwiseCopyable>(
            _: Key.Type, _: Value.Type, _ make: (Key, Value) -> MapEntry
        ) throws(MapError) -> MapEntry {
            guard let key = layout(Key.self, from: bytes.key), let value = layout(Value.self, from: bytes.value) else {
                throw .invalid
            }
            return make(key, value)
        }
        switch map {
        case .frontend: self = try pair(FrontendKey.self, FrontendValue.self, Self.frontend)
        case .service: self = try pair(ServiceKey.self, ServiceValue.self, Self.service)
        case .endpoint: self = try pair(EndpointKey.self, EndpointValue.self, Self.endpoint)
        case .backend: self = try pair(BackendKey.self, BackendValue.self, Self.backend)
        case .backendAlternative:
            self = try pair(BackendKey.self, BackendAlternative.self, Self.backendAlternative)
        case .servicePort: self = try pair(ServicePortKey.self, ServicePortValue.self, Self.servicePort)
        case .manage: self = try pair(ManageKey.self, ManageValue.self, Self.manage)
        case .nodeInfo: self = try pair(NodeInfoKey.self, UInt32.self, Self.nodeInfo)
        case .workloadPolicy, .authorizationResult: return nil
        }
    }
}
