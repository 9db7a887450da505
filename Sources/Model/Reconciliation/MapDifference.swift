/// One entry in which the maps that are there differ from those that should be.
public struct MapDifference: Sendable, CustomStringConvertible {
    /// How the actual entry differs.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Desired, and not there.
        case missing
        /// There, with another value.
        case changed
        /// There, and not desired.
        case surplus
    }

    public let key: MapEntryKey
    public let kind: Kind

    /// The difference with ids as numbers.
    public var description: String { text(names: NameTable()) }

    /// A line such as `km_endpoint ns/web priority 0 index 3: changed`, with names where the table has them.
    public func text(names: NameTable) -> String {
        func name(_ id: ResourceID) -> String { names.name(of: id) ?? "\(id)" }
        let subject =
            switch key {
            case .frontend(let key): "\(key.addr.address)"
            case .service(let key): name(key.service_id)
            case .endpoint(let key): "\(name(key.service_id)) priority \(key.prio) index \(key.backend_index)"
            case .backend(let key), .backendAlternative(let key): name(key.backend_uid)
            case .servicePort(let key): "\(name(key.service_id)) port \(hostPort(key.service_port))"
            case .manage(let key): "\(MapAddress(key).address)"
            case .nodeInfo(let key): "\(key.addr.address)/\(key.prefix_length)"
            }
        return "\(key.mapName) \(subject): \(kind.rawValue)"
    }
}

extension MapAddress {
    /// The bytes of a key that may be an address.
    fileprivate init(_ key: ManageKey) {
        // Same size: 16 bytes.
        self = unsafe unsafeBitCast(key, to: MapAddress.self)
    }
}

extension MapStore {
    /// Where this store, as it is, differs from the desired one: by map, then by key. Empty exactly if a reconciliation
    /// would be. km_manage and km_nodeinfo are not compared. Linear, and small when little differs.
    public func differences(from desired: MapStore) -> [MapDifference] {
        let survey = MapSurvey(from: self, to: desired)
        func difference(_ key: MapEntryKey, _ isActual: Bool, _ isDesired: Bool) -> MapDifference {
            MapDifference(key: key, kind: isActual ? (isDesired ? .changed : .surplus) : .missing)
        }
        func differences<Key, Value>(
            _ keys: [Key], _ actual: HashMap<Key, Value>, _ desired: HashMap<Key, Value>,
            _ entryKey: (Key) -> MapEntryKey
        ) -> [MapDifference] {
            keys.map {
                difference(entryKey($0), actual.position(of: $0) != nil, desired.position(of: $0) != nil)
            }
        }
        let changes = EntryChanges(from: self, to: desired)
        let backends = survey.backends.filter { !changes.value(ofBackend: $0).isEmpty }
        let alternatives = survey.backends.filter { !changes.alternative($0).isEmpty }
        return differences(survey.frontends, frontend, desired.frontend) { .frontend($0) }
            + differences(survey.services.map { ServiceKey(service_id: $0) }, service, desired.service) { .service($0) }
            + differences(survey.endpoints, endpoint, desired.endpoint) { .endpoint($0) }
            + differences(backends.map { BackendKey(backend_uid: $0) }, backend, desired.backend) { .backend($0) }
            + differences(
                alternatives.map { BackendKey(backend_uid: $0) }, backendAlternative, desired.backendAlternative
            ) { .backendAlternative($0) }
            + differences(survey.ports, servicePort, desired.servicePort) { .servicePort($0) }
    }
}
