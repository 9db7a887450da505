public import KernelABI
public import Model

/// A connection that was denied, or that a dry run would have judged otherwise.
public struct DenialRecord: Hashable, Sendable {
    /// The policy that decides, as far as it is told.
    public enum Policy: Hashable, Sendable {
        /// Compiled.
        case id(ResourceID)
        /// `namespace/name`
        case name(String)
    }

    /// Since boot.
    public var timeNanoseconds: UInt64
    public var source: SocketAddress
    public var destination: SocketAddress
    /// A `Reason`, or why user space denied.
    public var reasonName: String
    /// The number of the source's identity; 0 is nobody.
    public var identity: UInt32
    public var policy: Policy?
    /// The index of the policy's rule, from 0.
    public var rule: Int?

    public init(
        timeNanoseconds: UInt64, source: SocketAddress, destination: SocketAddress, reasonName: String,
        identity: UInt32 = 0, policy: Policy? = nil, rule: Int? = nil
    ) {
        self.timeNanoseconds = timeNanoseconds
        self.source = source
        self.destination = destination
        self.reasonName = reasonName
        self.identity = identity
        self.policy = policy
        self.rule = rule
    }

    /// A record of km_denial.
    public init(_ denial: km_denial) {
        let isV6 = denial.is_ipv6 != 0
        let number = Int(denial.reason)
        let hasRule = denial.has_rule != 0
        self.init(
            timeNanoseconds: denial.time_ns,
            source: SocketAddress(isV6 ? denial.source.asV6 : denial.source.asV4, port: denial.source_port),
            destination: SocketAddress(
                isV6 ? denial.destination.asV6 : denial.destination.asV4, port: denial.destination_port),
            reasonName: number < Reason.allCases.count ? Reason.allCases[number].rawValue : "\(number)",
            identity: denial.identity, policy: hasRule ? .id(denial.policy_id) : nil,
            rule: hasRule ? Int(denial.rule) : nil)
    }

    /// Whether nothing was denied or let in because of it.
    public var isDryRun: Bool {
        reasonName == Reason.dryRunDenies.rawValue || reasonName == Reason.dryRunAllows.rawValue
    }
}

/// A denial with its names.
public struct NamedDenial: Hashable, Sendable {
    public var record: DenialRecord
    public var source: WorkloadNames?
    public var destination: WorkloadNames?
    /// `trust-domain/ns/namespace/sa/service-account`, nil for nobody.
    public var principal: String?
    /// `namespace/name`, or an id without a name.
    public var policy: String?

    /// Looks names up as things are now.
    public init(
        _ record: DenialRecord, _ names: NameLookup, principal: (UInt32) -> String?, policy: (ResourceID) -> String?
    ) {
        self.record = record
        source = names.workload(record.source.address)
        destination = names.workload(record.destination.address)
        self.principal = principal(record.identity)
        self.policy =
            switch record.policy {
            case .id(let id): policy(id) ?? "\(id)"
            case .name(let name): name
            case nil: nil
            }
    }

    /// What the log says, without the time: the message, and the fields that are known.
    public var line: (message: String, fields: [LogField]) {
        var fields = [LogField("source", .init(record.source))]
        if let source { fields.append(LogField("source_workload", .init("\(source.namespace)/\(source.name)"))) }
        if let principal { fields.append(LogField("principal", .init(principal))) }
        fields.append(LogField("destination", .init(record.destination)))
        if let destination {
            fields.append(LogField("destination_workload", .init("\(destination.namespace)/\(destination.name)")))
        }
        fields.append(LogField("reason", .init(record.reasonName)))
        if let policy { fields.append(LogField("policy", .init(policy))) }
        if let rule = record.rule { fields.append(LogField("rule", .init(rule))) }
        return (record.isDryRun ? "a dry run differs" : "denied", fields)
    }
}
