import Inputs
import Model

/// Turns the events of a case into changes of the mesh.
///
/// An endpoint that comes by itself, as in ztunnel's cases, is a workload here: it gets an address that no vector
/// uses, and belongs to the services that it was announced for.
struct MeshEvents {
    /// 198.18.0.0/15, kept for benchmarks by RFC 2544.
    private static let firstEndpointAddress = IPAddress.v4(0xc612_0001)

    let file: String
    /// What the events made of the mesh so far.
    private(set) var mesh = Mesh()
    /// The names of services in the order of their first event, also of those that only endpoints name.
    private(set) var serviceNames: [ServiceName] = []
    private var endpointCount: UInt64 = 0

    init(file: String) { self.file = file }

    /// The change that an event, a mapping with one key, stands for.
    mutating func change(for event: DocumentNode) throws(InputError) -> MeshChange {
        guard let entry = event.entries?.first, event.entries?.count == 1 else {
            throw InputError(file, event.position, "an event must be a mapping with one key")
        }
        let change = try change(for: entry)
        mesh.apply(change)
        return change
    }

    private mutating func change(for entry: DocumentNode.Entry) throws(InputError) -> MeshChange {
        switch entry.key {
        case "service", "upsert_service":
            var fields = try fields(entry)
            let service = try fields.service()
            note(service.name)
            return .setService(service)
        case "workload", "upsert_workload":
            var fields = try fields(entry)
            return .setWorkload(try fields.workload())
        case "remove_service": return .removeService(try serviceName(entry))
        case "remove_workload": return .removeWorkload(try uid(entry))
        case "upsert_endpoint": return try upsertEndpoint(entry)
        case "remove_endpoint": return try removeEndpoint(entry)
        default:
            throw InputError(file, entry.keyPosition, "no event is named \"\(entry.key)\"")
        }
    }

    private mutating func upsertEndpoint(_ entry: DocumentNode.Entry) throws(InputError) -> MeshChange {
        var fields = try fields(entry)
        let service = try fields.requiredServiceName("service")
        let uid = WorkloadUID(try fields.requiredString("uid"))
        note(service)
        var workload: Workload
        if let known = mesh.workloads[uid] {
            workload = known
        } else {
            let address = Self.firstEndpointAddress.advanced(by: endpointCount)
            workload = Workload(uid, name: uid.text, namespace: service.namespace, addresses: [address])
            endpointCount += 1
        }
        workload.health = try fields.health("status")
        workload.services[service] = try fields.ports("port")
        return .setWorkload(workload)
    }

    private mutating func removeEndpoint(_ entry: DocumentNode.Entry) throws(InputError) -> MeshChange {
        var fields = try fields(entry)
        let service = try fields.requiredServiceName("service")
        let uid = WorkloadUID(try fields.requiredString("uid"))
        note(service)
        guard var workload = mesh.workloads[uid] else { return .removeWorkload(uid) }
        workload.services[service] = nil
        return workload.services.isEmpty ? .removeWorkload(uid) : .setWorkload(workload)
    }

    /// A service by `namespace/hostname`, or by a mapping with the two.
    private mutating func serviceName(_ entry: DocumentNode.Entry) throws(InputError) -> ServiceName {
        if let name = entry.value.text.flatMap({ ServiceName($0) }) { return name }
        var fields = try fields(entry)
        return try fields.service().name
    }

    /// A workload by its uid, or by a mapping with it.
    private func uid(_ entry: DocumentNode.Entry) throws(InputError) -> WorkloadUID {
        if let text = entry.value.text { return WorkloadUID(text) }
        var fields = try fields(entry)
        return try fields.workload().uid
    }

    private func fields(_ entry: DocumentNode.Entry) throws(InputError) -> Fields {
        try Fields(entry.value, file: file, what: "\"\(entry.key)\"")
    }

    private mutating func note(_ name: ServiceName) {
        if !serviceNames.contains(name) { serviceNames.append(name) }
    }
}
