public import Model

/// Finds workloads, owners and services by the names that people use, and names for addresses.
public struct NameBook: Sendable {
    private let mesh: Mesh
    private var byName: [String: [WorkloadUID]] = [:]
    /// By the name that all versions of an application share.
    private var byApplication: [String: [WorkloadUID]] = [:]
    private var servicesByName: [String: [ServiceName]] = [:]
    private var byAddress: [IPAddress: WorkloadUID] = [:]
    private var servicesByAddress: [IPAddress: ServiceName] = [:]
    private var endpoints: [ServiceName: [WorkloadUID]] = [:]

    public init(_ mesh: Mesh) {
        self.mesh = mesh
        for workload in mesh.sortedWorkloads {
            let names: Set = [
                workload.uid.text, workload.name, "\(workload.namespace)/\(workload.name)",
                "\(workload.name).\(workload.namespace)", workload.ownerName,
                "\(workload.namespace)/\(workload.ownerName)", "\(workload.ownerName).\(workload.namespace)",
            ]
            for name in names { byName[name, default: []].append(workload.uid) }
            if !workload.canonicalName.isEmpty {
                let (name, namespace) = (workload.canonicalName, workload.namespace)
                for text in [name, "\(namespace)/\(name)", "\(name).\(namespace)"] {
                    byApplication[text, default: []].append(workload.uid)
                }
            }
            if workload.networkMode == .standard {
                for address in workload.addresses where byAddress[address] == nil { byAddress[address] = workload.uid }
            }
            for service in workload.services.keys { endpoints[service, default: []].append(workload.uid) }
        }
        for service in mesh.sortedServices {
            let name = service.name
            let short = service.shortName.isEmpty ? String(name.hostname.prefix { $0 != "." }) : service.shortName
            let names: Set = [
                name.description, name.hostname, short, "\(short).\(name.namespace)", "\(name.namespace)/\(short)",
                "\(short).\(name.namespace).svc",
            ]
            for text in names { servicesByName[text, default: []].append(name) }
            for address in service.addresses where servicesByAddress[address.address] == nil {
                servicesByAddress[address.address] = name
            }
        }
    }

    // MARK: Looking up

    /// Workloads of a pod's, an owner's or a uid's name, or where nothing is called so, of an application's; sorted by
    /// uid.
    public func workloads(_ name: String) -> [WorkloadUID] { byName[name] ?? byApplication[name] ?? [] }

    /// The service of a short or full name; one in `namespace` before others.
    /// - Returns: several when the name is ambiguous, none when it is unknown.
    public func services(_ name: String, from namespace: String) -> [ServiceName] {
        let found = servicesByName[name] ?? []
        let own = found.filter { $0.namespace == namespace }
        return own.count == 1 ? own : found
    }

    /// Workloads that belong to a service, sorted by uid.
    public func endpoints(of service: ServiceName) -> [WorkloadUID] { endpoints[service] ?? [] }

    /// The names of workloads and their owners, for suggestions.
    public var workloadNames: [String] { byName.keys.sorted() }

    /// All names that mean something, for suggestions.
    public var allNames: [String] { (Array(byName.keys) + Array(servicesByName.keys)).sorted() }

    // MARK: Naming

    /// The pod or service of an address, nil when nobody has it.
    public func name(of address: IPAddress) -> String? {
        let address = address.unmapped
        if let uid = byAddress[address], let workload = mesh.workloads[uid] {
            return workload.namespace.isEmpty ? workload.name : "\(workload.namespace)/\(workload.name)"
        }
        return servicesByAddress[address]?.description
    }

    /// `name (address):port`, or the address and port alone.
    public func text(of address: SocketAddress) -> String {
        name(of: address.address).map { "\($0) (\(address))" } ?? "\(address)"
    }

    /// What groups of destinations are called in a summary: the pod's name, the service's name or the address.
    public func short(_ address: SocketAddress) -> String {
        name(of: address.address).map { "\($0):\(address.port)" } ?? "\(address)"
    }
}
