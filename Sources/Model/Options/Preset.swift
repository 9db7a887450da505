/// A named set of options.
public enum Preset: String, Hashable, Sendable, CaseIterable {
    /// What a Kmesh node really does today, its accidents included.
    case upstream
    /// The same design with the accidents removed.
    case hardened
}

/// How the data plane behaves where upstream and hardened differ; the ids are those of the project's documentation.
public struct DataplaneOptions: Hashable, Sendable {
    /// What happens to a connect that the mesh should handle but cannot.
    public enum Fallback: String, Hashable, Sendable, CaseIterable {
        /// It goes to the address the program asked for, as if there were no mesh.
        case leave
        /// It fails with ECONNREFUSED.
        case refuse
    }

    /// H2: what follows a slot without endpoint, or an endpoint without backend.
    public enum MissingEntry: String, Hashable, Sendable, CaseIterable {
        case giveUp
        /// The next index, wrapping, at most 8 tries a priority without a second draw; failover then goes on with the
        /// next priority.
        case tryNext
    }

    /// H4: when a waypoint counts as set.
    public enum WaypointTest: String, Hashable, Sendable, CaseIterable {
        /// Of a service the first four address bytes and the port, of a backend the port alone.
        case firstWord
        /// The address and the port, for both.
        case addressAndPort
    }

    /// H11: when a socket's TLV counts as sent.
    public enum TLVMark: String, Hashable, Sendable, CaseIterable {
        case beforePush, afterPush
    }

    /// H12: how long a socket's original destination and waypoint mark hold.
    public enum OriginalDestination: String, Hashable, Sendable, CaseIterable {
        /// The first successful connect's, for ever.
        case firstConnect
        /// Each connect sets or clears both.
        case eachConnect
    }

    /// H13: what an address of the other family is.
    public enum MixedFamilies: String, Hashable, Sendable, CaseIterable {
        /// Its bytes are taken as if they were of this family.
        case reinterpret
        /// Not usable: the next endpoint is tried.
        case skip
    }

    /// H14: which sockets sockops and cgroup_skb care for.
    public enum ManagedTest: String, Hashable, Sendable, CaseIterable {
        /// Those whose local address is in km_manage.
        case localAddress
        /// Those of managed namespaces: outbound ones by what connect recorded on the socket, inbound ones by the
        /// namespace that owns the local address.
        case recorded
    }

    /// H15: which received datagrams get their source restored.
    public enum DNSReply: String, Hashable, Sendable, CaseIterable {
        /// Every datagram from port 53.
        case everyPort53
        /// Only those of the DNS proxy, on a socket that asked.
        case proxyOnly
    }

    /// H16: who may manage and release namespaces by connecting to 0.0.0.2.
    public enum ControlAddress: String, Hashable, Sendable, CaseIterable {
        case anyProcess
        /// No process: the agent writes km_manage itself.
        case off
    }

    /// When this node's own locality is not known yet: what endpoints of locality policies get.
    public enum UnknownLocality: String, Hashable, Sendable, CaseIterable {
        /// Priority 0, and it stays so.
        case keepPriority0
        /// Priority 0 until it is known, then the right one.
        case recalculate
    }

    /// What becomes of an endpoint that arrives before its service.
    public enum EarlyEndpoint: String, Hashable, Sendable, CaseIterable {
        /// Lost until its workload is sent again.
        case lose
        case keep
    }

    /// What a workload that is unhealthy when it is first seen gets.
    public enum UnhealthyAtFirst: String, Hashable, Sendable, CaseIterable {
        /// Neither frontend nor backend.
        case withhold
        /// Both, as one that becomes unhealthy later keeps them.
        case publish
    }

    /// Which of several resources with one address owns its frontend.
    public enum SharedAddress: String, Hashable, Sendable, CaseIterable {
        case lastWriter
        /// The first by name, services before workloads.
        case firstName
    }

    /// What a target port that the service gives by name becomes.
    public enum NamedPort: String, Hashable, Sendable, CaseIterable {
        /// The service port.
        case servicePort
        /// The number that the endpoints give it.
        case fromEndpoints
    }

    /// What becomes of a change that a full map cannot take.
    public enum Overflow: String, Hashable, Sendable, CaseIterable {
        /// Its writes are tried; those that fail are lost.
        case loseWrites
        /// Nothing of it is applied.
        case refuseChange
    }

    public var noEndpoint: Fallback
    public var missingEntry: MissingEntry
    public var unlistedPort: Fallback
    public var waypointTest: WaypointTest
    public var tlvMark: TLVMark
    public var originalDestination: OriginalDestination
    public var mixedFamilies: MixedFamilies
    public var managedTest: ManagedTest
    public var dnsReply: DNSReply
    public var controlAddress: ControlAddress
    public var unknownLocality: UnknownLocality
    public var earlyEndpoint: EarlyEndpoint
    public var unhealthyAtFirst: UnhealthyAtFirst
    public var sharedAddress: SharedAddress
    public var namedPort: NamedPort
    public var overflow: Overflow
    public var capacities: MapCapacities

    public init(_ preset: Preset) {
        switch preset {
        case .upstream: self = .upstream
        case .hardened: self = .hardened
        }
    }

    public static let upstream = DataplaneOptions(
        noEndpoint: .leave, missingEntry: .giveUp, unlistedPort: .leave, waypointTest: .firstWord,
        tlvMark: .beforePush, originalDestination: .firstConnect, mixedFamilies: .reinterpret,
        managedTest: .localAddress, dnsReply: .everyPort53, controlAddress: .anyProcess,
        unknownLocality: .keepPriority0, earlyEndpoint: .lose, unhealthyAtFirst: .withhold,
        sharedAddress: .lastWriter, namedPort: .servicePort, overflow: .loseWrites, capacities: .upstream)

    public static let hardened = DataplaneOptions(
        noEndpoint: .refuse, missingEntry: .tryNext, unlistedPort: .refuse, waypointTest: .addressAndPort,
        tlvMark: .afterPush, originalDestination: .eachConnect, mixedFamilies: .skip, managedTest: .recorded,
        dnsReply: .proxyOnly, controlAddress: .off, unknownLocality: .recalculate, earlyEndpoint: .keep,
        unhealthyAtFirst: .publish, sharedAddress: .firstName, namedPort: .fromEndpoints, overflow: .refuseChange,
        capacities: .large)

    private init(
        noEndpoint: Fallback, missingEntry: MissingEntry, unlistedPort: Fallback, waypointTest: WaypointTest,
        tlvMark: TLVMark, originalDestination: OriginalDestination, mixedFamilies: MixedFamilies,
        managedTest: ManagedTest, dnsReply: DNSReply, controlAddress: ControlAddress,
        unknownLocality: UnknownLocality, earlyEndpoint: EarlyEndpoint, unhealthyAtFirst: UnhealthyAtFirst,
        sharedAddress: SharedAddress, namedPort: NamedPort, overflow: Overflow, capacities: MapCapacities
    ) {
        self.noEndpoint = noEndpoint
        self.missingEntry = missingEntry
        self.unlistedPort = unlistedPort
        self.waypointTest = waypointTest
        self.tlvMark = tlvMark
        self.originalDestination = originalDestination
        self.mixedFamilies = mixedFamilies
        self.managedTest = managedTest
        self.dnsReply = dnsReply
        self.controlAddress = controlAddress
        self.unknownLocality = unknownLocality
        self.earlyEndpoint = earlyEndpoint
        self.unhealthyAtFirst = unhealthyAtFirst
        self.sharedAddress = sharedAddress
        self.namedPort = namedPort
        self.overflow = overflow
        self.capacities = capacities
    }
}
