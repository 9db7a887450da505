internal import CBPF
import KernelABI
import Model

/// The maps of compiled policies and of what the programs remember of connections, by their names in the kernel.
enum AuthorizationMapName: String, CaseIterable {
    case identity = "km_identity"
    case destination = "km_authz_dst"
    case slot = "km_authz_slot"
    case view = "km_authz_view"
    case range = "km_authz_range"
    case range6 = "km_authz_range6"
    case row = "km_authz_row"
    case rule = "km_authz_rule"
    case verdict = "km_verdict"
    case fragment = "km_fragment"
    case flow = "km_flow"

    /// Whether each load makes the map anew. Only flows that pods opened outlive a restart: verdicts are of a generation
    /// of the policies, which begin anew too.
    var isMadeAnew: Bool { self != .flow }

    /// Most entries.
    func capacity(_ capacities: AuthorizationCapacities) -> Int {
        switch self {
        case .identity: capacities.identities
        case .destination: Self.bucketCount(capacities)
        case .slot: capacities.destinations
        // View 0 is closed.
        case .view: capacities.destinations + 1
        case .range: capacities.ranges
        case .range6: capacities.ranges6
        case .row: capacities.rows
        case .rule: capacities.rules
        case .verdict, .flow: 65_536
        case .fragment: 8_192
        }
    }

    /// Buckets of km_authz_dst: a power of two, and so many that hardly ever five addresses meet in one.
    static func bucketCount(_ capacities: AuthorizationCapacities) -> Int {
        var count = 1
        while count < 4 * capacities.destinations { count *= 2 }
        return count
    }

    /// Sizes of keys and values.
    var byteCounts: (key: Int, value: Int) {
        switch self {
        case .identity: (MemoryLayout<MapAddress>.size, MemoryLayout<IdentityValue>.size)
        case .destination: (MemoryLayout<UInt32>.size, MemoryLayout<AuthorizationBucket>.size)
        case .slot: (MemoryLayout<UInt32>.size, MemoryLayout<AuthorizationSlot>.size)
        case .view: (MemoryLayout<UInt32>.size, MemoryLayout<AuthorizationView>.size)
        case .range: (MemoryLayout<UInt32>.size, MemoryLayout<AuthorizationRange>.size)
        case .range6: (MemoryLayout<UInt32>.size, MemoryLayout<AuthorizationRange6>.size)
        case .row: (MemoryLayout<UInt32>.size, MemoryLayout<AuthorizationRow>.size)
        case .rule: (MemoryLayout<UInt32>.size, MemoryLayout<AuthorizationRule>.size)
        case .verdict: (MemoryLayout<km_tuple>.size, MemoryLayout<km_verdict_value>.size)
        case .fragment: (MemoryLayout<km_fragment_key>.size, MemoryLayout<km_verdict_value>.size)
        case .flow: (MemoryLayout<km_tuple>.size, MemoryLayout<km_flow_value>.size)
        }
    }

    /// Whether a map that is pinned has less room than these settings ask for: programs that did not judge made it.
    func isTooSmall(_ map: borrowing Descriptor, _ settings: ProgramSettings) throws(LoadError) -> Bool {
        guard settings.judgesByPolicies else { return false }
        let found = try map.withRaw { (raw) throws(LoadError) in try MapInformation(of: raw, name: rawValue).capacity }
        return found < capacity(settings.authorizationCapacities)
    }
}
