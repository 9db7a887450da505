import KernelABI
public import Model

/// How the programs are to behave: the options of the data plane, and what else is fixed when they are loaded.
public struct ProgramSettings: Hashable, Sendable {
    /// The most addresses from which a node probes its pods.
    public static let mostProbeSources = Int(KM_PROBE_SOURCE_COUNT)

    public var options: DataplaneOptions
    /// This node's addresses and its pods' gateways: connections from there are probes.
    public var probeSources: [IPAddress]
    /// Whether connections are reported.
    public var isMonitoring = true
    /// Whether long connections are reported again and again: attaches a program to every packet.
    public var hasPeriodicReports = false
    /// Whether user space is asked for a verdict on inbound connections.
    public var asksForVerdicts = true
    /// Whether a waypoint's address is looked up again. Off only where recordings were made that way.
    public var hasTailCalls = true
    /// How much room compiled policies get. Without them their maps are as small as they can be.
    public var authorizationCapacities = AuthorizationCapacities.large
    /// How many denials a second are reported at most; all are counted.
    public var denialsPerSecond: UInt32 = 100
    /// Draws from a generator with this seed instead of the kernel's own.
    public var seed: UInt64?

    /// - Precondition: not more than `mostProbeSources` probe sources.
    public init(options: DataplaneOptions, probeSources: [IPAddress] = []) {
        precondition(probeSources.count <= Self.mostProbeSources, "\(probeSources.count) probe sources")
        self.options = options
        self.probeSources = probeSources
    }

    /// Whether the compiled policies decide about inbound connections, and not user space alone.
    var judgesByPolicies: Bool { options.authorization == .compiled }

    /// What the programs read.
    var kernelOptions: km_options {
        var result = km_options()
        result.no_endpoint_refuses = options.noEndpoint == .refuse ? 1 : 0
        result.missing_entry_tries_next = options.missingEntry == .tryNext ? 1 : 0
        result.unlisted_port_refuses = options.unlistedPort == .refuse ? 1 : 0
        result.waypoint_needs_address = options.waypointTest == .addressAndPort ? 1 : 0
        result.tlv_marked_after_push = options.tlvMark == .afterPush ? 1 : 0
        result.each_connect_remembers = options.originalDestination == .eachConnect ? 1 : 0
        result.other_family_skipped = options.mixedFamilies == .skip ? 1 : 0
        result.managed_by_record = options.managedTest == .recorded ? 1 : 0
        result.dns_reply_of_proxy_only = options.dnsReply == .proxyOnly ? 1 : 0
        result.control_address_obeyed = options.controlAddress == .anyProcess ? 1 : 0
        result.extras_kept = options.extras == .keep ? 1 : 0
        result.has_tail_calls = hasTailCalls ? 1 : 0
        result.is_monitoring = isMonitoring ? 1 : 0
        result.asks_for_verdicts = asksForVerdicts ? 1 : 0
        result.is_deterministic = seed == nil ? 0 : 1
        result.denials_per_second = denialsPerSecond
        result.authz_bucket_mask = UInt32(AuthorizationMapName.bucketCount(authorizationCapacities) - 1)
        result.judges_by_policies = judgesByPolicies ? 1 : 0
        result.tc_walks_headers = options.tcParser == .headerChain ? 1 : 0
        result.tc_ends_filters = options.tcParser == .fixedPlaces ? 1 : 0
        result.tc_drops_clear = options.clearPackets == .drop ? 1 : 0
        result.tc_marks_esp = options.inboundState == .peer ? 1 : 0
        result.probe_source_count = UInt8(probeSources.count)
        var sources = InlineArray<8, MapAddress>(repeating: .zero)
        for (index, source) in probeSources.enumerated() { sources[index] = MapAddress(source.unmapped) }
        // Same layout: a C array of eight addresses.
        result.probe_source = unsafe unsafeBitCast(sources, to: (type(of: result.probe_source)).self)
        return result
    }
}
