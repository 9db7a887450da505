public import KernelABI

/// What km_authz_dst holds of an address that is judged.
@frozen
public struct AuthorizationDestination: BitwiseCopyable, Hashable, Sendable {
    /// Index in km_authz_slot.
    public var slot: UInt32
    /// `MapAddress.check` of the address.
    public var check: UInt32

    @inlinable
    public init(slot: UInt32, check: UInt32) {
        self.slot = slot
        self.check = check
    }
}

/// The maps of compiled policies in memory, with the kernel's semantics. A copy is a snapshot.
public struct AuthorizationMaps: Sendable {
    public private(set) var identities: HashMap<MapAddress, IdentityValue>
    public private(set) var destinations: HashMap<MapAddress, AuthorizationDestination>
    public private(set) var slots: [AuthorizationSlot] = []
    public private(set) var views: [AuthorizationView] = []
    public private(set) var rows: [AuthorizationRow] = []
    public private(set) var ranges: [AuthorizationRange] = []
    public private(set) var ranges6: [AuthorizationRange6] = []
    public private(set) var rules: [AuthorizationRule] = []
    public private(set) var generation: UInt32 = 0

    public init(capacities: AuthorizationCapacities) {
        identities = HashMap(capacity: capacities.identities)
        destinations = HashMap(capacity: capacities.destinations)
    }

    /// Applies one write. Arrays grow as they are written: the kernel's hold zeros there.
    public mutating func apply(_ write: AuthorizationWrite) throws(MapError) {
        switch write {
        case .putIdentity(let address, let value): try identities.update(address, to: value)
        case .deleteIdentity(let address): try identities.delete(address)
        case .putDestination(let address, let value): try destinations.update(address, to: value)
        case .deleteDestination(let address): try destinations.delete(address)
        case .setSlot(let index, let slot): Self.set(&slots, index, [slot], AuthorizationSlot())
        case .setView(let index, let view): Self.set(&views, index, [view], AuthorizationView())
        case .setRows(let index, let values): Self.set(&rows, index, values, AuthorizationRow())
        case .setRanges(let index, let values): Self.set(&ranges, index, values, AuthorizationRange())
        case .setRanges6(let index, let values): Self.set(&ranges6, index, values, AuthorizationRange6())
        case .setRules(let index, let values): Self.set(&rules, index, values, AuthorizationRule())
        case .barrier: break
        case .setGeneration(let value): generation = value
        }
    }

    private static func set<Element>(
        _ array: inout [Element], _ index: Int, _ values: [Element], _ zero: Element
    ) {
        if array.count < index + values.count {
            array += repeatElement(zero, count: index + values.count - array.count)
        }
        array.replaceSubrange(index..<index + values.count, with: values)
    }
}
