/// The plan for maps that cannot hold old and new entries side by side: what is not desired goes before what is new
/// comes, so lookups may miss entries for a moment.
struct DisruptivePlan {
    private(set) var writes: [MapWrite] = []
    /// Ids of all that changes, ascending.
    private(set) var exposed: [ResourceID] = []

    init(_ survey: MapSurvey, from actual: MapStore, to desired: MapStore) {
        var ids: Set<ResourceID> = Set(survey.services).union(survey.backends)
        ids.formUnion(survey.endpoints.map(\.service_id))
        ids.formUnion(survey.ports.map(\.service_id))
        for key in survey.frontends {
            if let id = desired.upstream(of: key) ?? actual.upstream(of: key) { ids.insert(id) }
        }
        exposed = ids.sorted()
        let changes = EntryChanges(from: actual, to: desired)
        let frontends = survey.frontends.map { changes.frontend($0) }
        let rest =
            survey.backends.flatMap { changes.backend($0) } + survey.ports.map { changes.port($0) }
            + survey.endpoints.map { changes.endpoint($0) } + survey.services.map { changes.service($0) }
        let isDelete: (MapWrite) -> Bool = { if case .delete = $0 { true } else { false } }
        // From the frontends down, and with a barrier, so that lookups end before they reach what is gone.
        writes = frontends.filter(isDelete)
        if !writes.isEmpty { writes.append(.barrier) }
        writes += rest.reversed().filter(isDelete)
        writes += rest.filter { !isDelete($0) }
        writes += frontends.filter { !isDelete($0) }
        writes.append(.barrier)
    }
}
