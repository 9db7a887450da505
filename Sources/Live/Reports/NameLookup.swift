public import Model

/// What reports and metrics say of the workload at one end of a connection.
public struct WorkloadNames: Hashable, Sendable {
    /// The pod.
    public var name: String
    public var namespace: String
    /// The deployment or whatever made the pod; the pod's name where nothing did.
    public var owner: String
    /// The `app` of dashboards.
    public var canonicalService: String
    /// Services that the workload is an endpoint of, for connections that were made to the workload itself.
    public var services: [ServiceName]

    public init(
        name: String, namespace: String, owner: String? = nil, canonicalService: String? = nil,
        services: [ServiceName] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.owner = owner ?? name
        self.canonicalService = canonicalService ?? owner ?? name
        self.services = services
    }

    /// Of a workload in the mesh.
    public init(_ workload: Workload) {
        self.init(
            name: workload.name, namespace: workload.namespace, owner: workload.ownerName,
            canonicalService: workload.canonicalName, services: workload.services.keys.sorted())
    }
}

/// How addresses and network namespaces get names, at the time of a report.
public struct NameLookup {
    /// The workload that has an address.
    public var workload: (IPAddress) -> WorkloadNames?
    /// The service that has a virtual address.
    public var service: (IPAddress) -> ServiceName?
    /// The pod, as `namespace/name`, whose network namespace has a cookie.
    public var pod: (UInt64) -> String?

    public init(
        workload: @escaping (IPAddress) -> WorkloadNames? = { _ in nil },
        service: @escaping (IPAddress) -> ServiceName? = { _ in nil }, pod: @escaping (UInt64) -> String? = { _ in nil }
    ) {
        self.workload = workload
        self.service = service
        self.pod = pod
    }
}

/// Who talks to whom in a connection.
public struct ConnectionPeers: Hashable, Sendable {
    public var source: WorkloadNames?
    public var destination: WorkloadNames?
    /// The service that was asked for; where a workload was, the only service that it is an endpoint of.
    public var service: ServiceName?

    public init(source: WorkloadNames? = nil, destination: WorkloadNames? = nil, service: ServiceName? = nil) {
        self.source = source
        self.destination = destination
        self.service = service
    }

    /// The peers of a reported connection.
    public init(of record: ConnectionRecord, _ names: NameLookup) {
        source = names.workload(record.source.address)
        destination = names.workload(record.destination.address)
        service = names.service((record.originalDestination ?? record.destination).address)
        if service == nil, let only = destination?.services, only.count == 1 { service = only[0] }
    }
}
