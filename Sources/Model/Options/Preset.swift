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

    /// When an endpoint of a locality policy gets its priority.
    public enum Ranking: String, Hashable, Sendable, CaseIterable {
        /// When it joins the service, 0 while this node's own locality is unknown; again only when the service changes
        /// between random and a locality policy.
        case whenAdded
        /// Whenever anything that it depends on changes.
        case always
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

    /// What becomes of what upstream's layouts have no room for: ports beyond ten, a second address family.
    public enum Extras: String, Hashable, Sendable, CaseIterable {
        /// The first ten ports and the last address remain.
        case drop
        /// They go into maps of our own.
        case keep
    }

    /// Whether a service's wish to have unhealthy endpoints too is heard.
    public enum HealthPolicyUse: String, Hashable, Sendable, CaseIterable {
        case ignore, honour
    }

    /// What becomes of a change that a full map cannot take.
    public enum Overflow: String, Hashable, Sendable, CaseIterable {
        /// Its writes are tried; those that fail are lost.
        case loseWrites
        /// Nothing of it is applied.
        case refuseChange
    }

    /// H5 to H8: who decides about inbound connections.
    public enum Authorization: String, Hashable, Sendable, CaseIterable {
        /// The compiled policies, on the first packet, as Istio defines the verdict.
        case compiled
        /// Upstream's XDP engine and its user space, both (offload on).
        case offload
        /// User space, whose denial resets the connection on a later packet (offload off).
        case userSpace
    }

    /// H5: how the programs at interfaces of the node (tc) find out what a packet carries.
    public enum TCParser: String, Hashable, Sendable, CaseIterable {
        /// By the first protocol number, at a fixed place; a frame with a VLAN tag inside, or cut short, passes as it is. Other
        /// filters at the interface are not asked.
        case fixedPlaces
        /// VLAN tags and extension headers are walked over. What names IP and cannot be read is dropped; else the filters
        /// that follow are asked.
        case headerChain
    }

    /// H9: what the node's uplink does with packets in clear that come from an encrypted peer's pods.
    public enum ClearPackets: String, Hashable, Sendable, CaseIterable {
        case accept, drop
    }

    /// H17: how a node sends its ICMP errors about decrypted packets.
    public enum NodeErrors: String, Hashable, Sendable, CaseIterable {
        case inClear
        /// Encrypted as a pod's packets are, or not at all.
        case encrypt
    }

    /// H18: what an inbound state is found by, beside its SPI.
    public enum InboundState: String, Hashable, Sendable, CaseIterable {
        /// The node's own address, so that peers with one SPI share a state.
        case destination
        /// The peer, by a mark that tc gives to what it sends.
        case peer
    }

    /// H10: whether receiving states look at the numbers of packets.
    public enum ReplayUse: String, Hashable, Sendable, CaseIterable {
        case none
        /// A packet that was seen, or is older than the window, is refused; peers that both announce it use numbers of 64
        /// bits.
        case checked
    }

    /// H19: what an agent does about states and policies that are there and not as they should be.
    public enum StaleKeys: String, Hashable, Sendable, CaseIterable {
        /// It adds what each event asks for, and leaves what is there.
        case keep
        /// It replaces them, and removes what no peer uses.
        case replace
    }

    /// H20: what becomes of packets to a peer whose key nobody here knows.
    public enum UnknownSPI: String, Hashable, Sendable, CaseIterable {
        case leaveClear
        case block
    }

    /// Of which family the packets in a tunnel may be.
    public enum TunnelFamily: String, Hashable, Sendable, CaseIterable {
        /// That of the tunnel's ends: no IPv6 between nodes with IPv4 addresses.
        case own
        case either
    }

    // The defaults are those of the preset `hardened`.
    public var noEndpoint = Fallback.refuse
    public var missingEntry = MissingEntry.tryNext
    public var unlistedPort = Fallback.refuse
    public var waypointTest = WaypointTest.addressAndPort
    public var tlvMark = TLVMark.afterPush
    public var originalDestination = OriginalDestination.eachConnect
    public var mixedFamilies = MixedFamilies.skip
    public var managedTest = ManagedTest.recorded
    public var dnsReply = DNSReply.proxyOnly
    public var controlAddress = ControlAddress.off
    public var ranking = Ranking.always
    public var earlyEndpoint = EarlyEndpoint.keep
    public var unhealthyAtFirst = UnhealthyAtFirst.publish
    public var sharedAddress = SharedAddress.firstName
    public var namedPort = NamedPort.fromEndpoints
    public var extras = Extras.keep
    public var healthPolicy = HealthPolicyUse.honour
    public var overflow = Overflow.refuseChange
    public var authorization = Authorization.compiled
    public var tcParser = TCParser.headerChain
    public var clearPackets = ClearPackets.drop
    public var nodeErrors = NodeErrors.encrypt
    public var inboundState = InboundState.peer
    public var replayWindow = ReplayUse.checked
    public var staleKeys = StaleKeys.replace
    public var unknownSPI = UnknownSPI.block
    public var tunnelFamily = TunnelFamily.either
    public var capacities = MapCapacities.large

    public init(_ preset: Preset) {
        switch preset {
        case .upstream: self = .upstream
        case .hardened: self = .hardened
        }
    }

    private init() {}

    public static let hardened = DataplaneOptions()

    public static let upstream = {
        var options = DataplaneOptions()
        options.noEndpoint = .leave
        options.missingEntry = .giveUp
        options.unlistedPort = .leave
        options.waypointTest = .firstWord
        options.tlvMark = .beforePush
        options.originalDestination = .firstConnect
        options.mixedFamilies = .reinterpret
        options.managedTest = .localAddress
        options.dnsReply = .everyPort53
        options.controlAddress = .anyProcess
        options.ranking = .whenAdded
        options.earlyEndpoint = .lose
        options.unhealthyAtFirst = .withhold
        options.sharedAddress = .lastWriter
        options.namedPort = .servicePort
        options.extras = .drop
        options.healthPolicy = .ignore
        options.overflow = .loseWrites
        options.authorization = .offload
        options.tcParser = .fixedPlaces
        options.clearPackets = .accept
        options.nodeErrors = .inClear
        options.inboundState = .destination
        options.replayWindow = .none
        options.staleKeys = .keep
        options.unknownSPI = .leaveClear
        options.tunnelFamily = .own
        options.capacities = .upstream
        return options
    }()
}
