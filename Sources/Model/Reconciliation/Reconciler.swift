/// Works out one reconciliation: `classify`, `assignStandIns`, `writes`, in this order.
struct Reconciler {
    /// How a desired service gets its entries.
    enum ServiceStep {
        /// No lookup reaches it yet: its entries are written before anything leads there.
        case fresh
        /// Slots only change places or come behind the last, and then its value, if that differs, is put.
        case inPlace
        /// Another id holds its new state while its own entries are rewritten.
        case behindStandIn
        /// As it should be behind a stand-in, but for want of room.
        case unprotected
    }

    /// How a backend entry that differs is written.
    enum BackendStep {
        /// Nothing that is reached refers to it.
        case fresh
        /// Lookups do not read what differs.
        case unnoticed
        /// Only frontends lead to it, and they stay: one write changes it.
        case inPlace
        /// Services, or addresses that come and go, refer to it: it changes while nobody reads it.
        case moved
    }

    let survey: MapSurvey
    let actual: MapStore
    let desired: MapStore
    let changes: EntryChanges

    /// Ids to which actual frontends lead.
    private(set) var reachable: Set<ResourceID> = []
    /// Ids to which an address begins or ceases to lead.
    private(set) var redirected: Set<ResourceID> = []
    /// Services whose ports beyond ten differ.
    private var servicesWithPorts: Set<ResourceID> = []
    /// Of desired services in which something differs, be it behind an endpoint.
    var serviceSteps: [ResourceID: ServiceStep] = [:]
    /// Of uids whose entries differ.
    private(set) var backendSteps: [ResourceID: BackendStep] = [:]
    /// Moved ids whose own entries answer an address, and differ in that answer.
    private(set) var movedTargets: Set<ResourceID> = []

    /// Ids that stand in for services.
    var standIns: [ResourceID: ResourceID] = [:]
    /// Ids that stand in for moved backends.
    var doubles: [ResourceID: ResourceID] = [:]
    /// Resources without the guarantee.
    var exposed: Set<ResourceID> = []
    /// Maps in which stand-ins found no room, in order.
    var shortMaps: [KernelMapName] = []

    init(_ survey: MapSurvey, from actual: MapStore, to desired: MapStore) {
        self.survey = survey
        self.actual = actual
        self.desired = desired
        changes = EntryChanges(from: actual, to: desired)
    }

    // MARK: Classes

    /// Finds out how each thing that differs can change.
    mutating func classify() {
        var reachable: Set<ResourceID> = []
        actual.frontend.forEachEntry { _, value in reachable.insert(value.upstream_id) }
        self.reachable = reachable
        for key in survey.frontends {
            let (old, new) = (actual.upstream(of: key), desired.upstream(of: key))
            if let old { redirected.insert(old) }
            if let new { redirected.insert(new) }
        }
        servicesWithPorts = Set(survey.ports.map(\.service_id))
        classifyBackends()
        for id in touchedServices() { serviceSteps[id] = step(ofService: id) }
    }

    private mutating func classifyBackends() {
        let (inActual, inDesired) = (references(in: actual), references(in: desired))
        for uid in survey.backends {
            let isUsed = inActual.contains(uid) || reachable.contains(uid) || uid == 0
            if isUnnoticed(uid) {
                backendSteps[uid] = .unnoticed
            } else if !isUsed {
                backendSteps[uid] = .fresh
            } else if inActual.contains(uid) || inDesired.contains(uid) || redirected.contains(uid) {
                backendSteps[uid] = .moved
            } else {
                backendSteps[uid] = .inPlace
            }
        }
        for uid in survey.backends where backendSteps[uid] == .moved && answersDiffer(uid) {
            movedTargets.insert(uid)
        }
        // A service that makes way for a workload, or for nothing, under one id.
        for id in survey.services where desired.value(ofService: id) == nil && reachable.contains(id) {
            backendSteps[id] = .moved
            movedTargets.insert(id)
        }
    }

    /// Which of the backends that differ any slot names.
    private func references(in store: MapStore) -> Set<ResourceID> {
        guard !survey.backends.isEmpty else { return [] }
        let differing = Set(survey.backends)
        var references: Set<ResourceID> = []
        store.endpoint.forEachEntry { _, value in
            if differing.contains(value.backend_uid) { references.insert(value.backend_uid) }
        }
        return references
    }

    /// Whether only bytes differ that no connect reads: the list of services.
    private func isUnnoticed(_ uid: ResourceID) -> Bool {
        guard changes.alternative(uid).isEmpty, var old = actual.value(ofBackend: uid),
            let new = desired.value(ofBackend: uid)
        else { return false }
        old.service_count = new.service_count
        old.services = new.services
        return sameBytes(old, new)
    }

    /// Whether an address that leads to this workload itself is answered otherwise.
    private func answersDiffer(_ uid: ResourceID) -> Bool {
        guard let old = actual.value(ofBackend: uid), let new = desired.value(ofBackend: uid) else { return true }
        return old.waypoint_port != new.waypoint_port || !sameBytes(old.wp_addr, new.wp_addr)
    }

    /// Desired services in which something differs.
    private func touchedServices() -> Set<ResourceID> {
        var touched = Set(survey.services)
        touched.formUnion(survey.endpoints.map(\.service_id))
        touched.formUnion(servicesWithPorts)
        let moved = backendSteps.filter { $0.value == .moved }
        if !moved.isEmpty {
            desired.endpoint.forEachEntry { key, value in
                if moved[value.backend_uid] != nil { touched.insert(key.service_id) }
            }
        }
        return touched.filter { desired.value(ofService: $0) != nil }
    }

    private func step(ofService id: ResourceID) -> ServiceStep {
        guard let new = desired.value(ofService: id) else { return .fresh }
        let newSlots = ServiceSlots(of: id, new, in: desired)
        let usesMoved = newSlots.uids.contains { backendSteps[$0] == .moved }
        guard reachable.contains(id) else { return usesMoved ? .behindStandIn : .fresh }
        guard !usesMoved, let old = actual.value(ofService: id) else { return .behindStandIn }
        if !sameBytes(old, new), redirected.contains(id) { return .behindStandIn }
        if servicesWithPorts.contains(id) { return .behindStandIn }
        let oldSlots = ServiceSlots(of: id, old, in: actual)
        return newSlots.extends(oldSlots, whereUsableAlike: areUsableAlike) ? .inPlace : .behindStandIn
    }

    /// Whether lookups step over all of these backends or over none, so that their order does not matter.
    private func areUsableAlike(_ uids: some Sequence<ResourceID>) -> Bool {
        var first: BackendUse?
        for uid in uids {
            guard let value = actual.value(ofBackend: uid) else { return false }
            let use = BackendUse(value, actual.alternative(ofBackend: uid))
            if let first, first != use { return false }
            first = use
        }
        return true
    }

    /// Deletes of entries that are not desired and that no lookup reaches, such as what a crashed run left.
    var litter: [MapWrite] {
        var writes: [MapWrite] = []
        for id in survey.services where isLitter(service: id) { writes.append(changes.service(id)) }
        for key in survey.endpoints where isLitter(key) { writes.append(changes.endpoint(key)) }
        for key in survey.ports where isLitter(key) { writes.append(changes.port(key)) }
        for uid in survey.backends where backendSteps[uid] == .fresh {
            if desired.value(ofBackend: uid) == nil { writes += changes.value(ofBackend: uid) }
            if desired.alternative(ofBackend: uid) == nil { writes += changes.alternative(uid) }
        }
        return writes
    }

    /// Whether a service goes that no lookup reaches.
    func isLitter(service id: ResourceID) -> Bool {
        !reachable.contains(id) && desired.value(ofService: id) == nil
    }

    /// The same of a slot.
    func isLitter(_ key: EndpointKey) -> Bool {
        !reachable.contains(key.service_id) && desired.endpoint.position(of: key) == nil
    }

    /// The same of a port beyond ten.
    func isLitter(_ key: ServicePortKey) -> Bool {
        !reachable.contains(key.service_id) && desired.servicePort.position(of: key) == nil
    }
}

/// What decides whether a lookup can use a backend.
private struct BackendUse: Equatable {
    var family: AddressFamily
    var alternative: AddressFamily?
    var waypointPort: Bool
    var waypoint: AddressFamily
    var isWaypointZero: Bool

    init(_ value: BackendValue, _ alternative: BackendAlternative?) {
        family = value.addr.family
        self.alternative = alternative?.addr.family
        waypointPort = value.waypoint_port != 0
        waypoint = value.wp_addr.family
        isWaypointZero = value.wp_addr.isZero
    }
}
