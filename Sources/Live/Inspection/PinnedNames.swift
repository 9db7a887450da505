import Model

/// Names of addresses and namespaces for somebody who watches the data plane without its agent: by the maps in force
/// and the names in the state directory.
public final class PinnedNames {
    // A class, because closures that look up names share what was read.

    private let state: StateView
    private let frontends: KernelMap<FrontendKey, FrontendValue>?
    private let services: KernelMap<ServiceKey, ServiceValue>?
    private var names: NameTable
    private var pods: ManagedPods
    /// When the state directory was read last, in nanoseconds since boot.
    private var readAt = BootClock.sinceBootNanoseconds()

    public init(_ pins: PinDirectory, state path: String) throws(AgentError) {
        let pinned = try PinnedMaps(pins)
        state = StateView(path)
        frontends = try AgentError.wrapping { try pinned.map(.frontend) }
        services = try AgentError.wrapping { try pinned.map(.service) }
        names = try state.names()
        pods = try state.pods()
    }

    /// Looks names up as things are now.
    public var lookup: NameLookup {
        NameLookup(
            workload: { self.workload(at: $0.unmapped) }, service: { self.service(at: $0.unmapped) },
            pod: { self.pod(of: $0) })
    }

    private func id(of address: IPAddress) -> ResourceID? {
        (try? frontends?.lookup(FrontendKey(address)))?.upstream_id
    }

    private func isService(_ id: ResourceID) -> Bool {
        (try? services?.lookup(ServiceKey(service_id: id))) != nil
    }

    private func name(of id: ResourceID) -> String? {
        if names.name(of: id) == nil { refresh() }
        return names.name(of: id)
    }

    private func service(at address: IPAddress) -> ServiceName? {
        guard let id = id(of: address), isService(id) else { return nil }
        return name(of: id).flatMap { ServiceName($0) }
    }

    private func workload(at address: IPAddress) -> WorkloadNames? {
        guard let id = id(of: address), !isService(id) else { return nil }
        // cluster/group/kind/namespace/name
        let parts = name(of: id)?.split(separator: "/", omittingEmptySubsequences: false) ?? []
        guard parts.count == 5 else { return nil }
        return WorkloadNames(
            name: String(parts[4]), namespace: String(parts[3]), owner: "", canonicalService: "", services: [])
    }

    private func pod(of cookie: UInt64) -> String? {
        if pods[cookie] == nil { refresh() }
        return pods[cookie].map { "\($0.namespace)/\($0.name)" }
    }

    /// Reads the state directory again, once a second at most.
    private func refresh() {
        let now = BootClock.sinceBootNanoseconds()
        guard now > readAt + 1_000_000_000 else { return }
        readAt = now
        // What cannot be read now shows as numbers.
        if let names = try? state.names() { self.names = names }
        if let pods = try? state.pods() { self.pods = pods }
    }
}
