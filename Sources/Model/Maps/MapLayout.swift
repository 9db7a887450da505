public import KernelABI

// The Swift names of the C layouts in kernel_abi.h, and readings of their fields in host terms.

public typealias MapAddress = km_addr
public typealias FrontendKey = km_frontend_key
public typealias FrontendValue = km_frontend_value
public typealias ServiceKey = km_service_key
public typealias ServiceValue = km_service_value
public typealias EndpointKey = km_endpoint_key
public typealias EndpointValue = km_endpoint_value
public typealias BackendKey = km_backend_key
public typealias BackendValue = km_backend_value
public typealias BackendAlternative = km_backend_alt_value
public typealias ServicePortKey = km_service_port_key
public typealias ServicePortValue = km_service_port_value
public typealias ManageKey = km_manage_key
public typealias ManageValue = km_manage_value
public typealias ConnectionTuple = km_tuple
public typealias AuthResult = km_auth_result
public typealias WorkloadPolicyValue = km_wlpolicy_value
public typealias NodeInfoKey = km_nodeinfo_key
public typealias SocketStorage = km_sockstorage_value
public typealias IdentityValue = km_identity_value
public typealias AuthorizationBucket = km_authz_bucket
public typealias AuthorizationSlot = km_authz_slot
public typealias AuthorizationView = km_authz_view
public typealias AuthorizationAxis = km_authz_axis
public typealias AuthorizationRange = km_authz_range
public typealias AuthorizationRange6 = km_authz_range6
public typealias AuthorizationRow = km_authz_row
public typealias AuthorizationRule = km_authz_rule
public typealias CachedVerdict = km_verdict_value
public typealias OpenedFlow = km_flow_value
public typealias FragmentKey = km_fragment_key

/// The id of a service, or the uid of a backend: both live in one id space.
public typealias ResourceID = UInt32

/// A port as map values hold it: network order in the low half of a u32.
@inlinable
public func mapPort(_ port: UInt16) -> UInt32 { UInt32(port.bigEndian) }

/// The host-order port of a map value.
@inlinable
public func hostPort(_ mapPort: UInt32) -> UInt16 { UInt16(truncatingIfNeeded: mapPort).bigEndian }

extension MapAddress {
    /// All zero.
    public static let zero = MapAddress()

    /// The map form of an address: IPv4 in the first word, the rest zero. A mapped address keeps its 16 bytes.
    @inlinable
    public init(_ address: IPAddress) {
        switch address {
        case .v4(let bits):
            self.init(word: (bits.bigEndian, 0, 0, 0))
        case .v6(let high, let low):
            self.init(
                word: (
                    UInt32(truncatingIfNeeded: high >> 32).bigEndian, UInt32(truncatingIfNeeded: high).bigEndian,
                    UInt32(truncatingIfNeeded: low >> 32).bigEndian, UInt32(truncatingIfNeeded: low).bigEndian
                ))
        }
    }

    /// What an IPv4 program sees: the first word, whatever follows.
    @inlinable
    public var asV4: IPAddress { .v4(word.0.bigEndian) }

    /// What an IPv6 program sees: all 16 bytes.
    @inlinable
    public var asV6: IPAddress {
        .v6(
            high: UInt64(word.0.bigEndian) << 32 | UInt64(word.1.bigEndian),
            low: UInt64(word.2.bigEndian) << 32 | UInt64(word.3.bigEndian))
    }

    /// Which family the bytes hold: IPv4 has nothing after the first word.
    @inlinable
    public var family: AddressFamily { word.1 | word.2 | word.3 == 0 ? .v4 : .v6 }

    /// The address by its own family.
    @inlinable
    public var address: IPAddress { family == .v4 ? asV4 : asV6 }

    @inlinable
    public var isZero: Bool { word.0 | word.1 | word.2 | word.3 == 0 }

    /// What a value holds to tell whose it is, by the family that the bytes hold.
    @inlinable
    public var check: UInt32 { check(as: family) }

    /// What the value must hold for a packet of a family. An IPv6 address with nothing after its first word has the map
    /// form of an IPv4 one, and is not taken for it.
    @inlinable
    public func check(as family: AddressFamily) -> UInt32 {
        word.0 ^ word.1 ^ word.2 ^ word.3 ^ (family == .v6 ? UInt32(KM_CHECK_IPV6) : 0)
    }
}

extension FrontendKey {
    @inlinable
    public init(_ address: IPAddress) { self.init(addr: MapAddress(address)) }
}

extension ServiceValue {
    /// Endpoints at each priority.
    @inlinable
    public var endpointCounts: InlineArray<7, UInt32> {
        // Same layout: a C array of seven u32.
        get { unsafe unsafeBitCast(prio_endpoint_count, to: InlineArray<7, UInt32>.self) }
        set { prio_endpoint_count = unsafe unsafeBitCast(newValue, to: (type(of: prio_endpoint_count)).self) }
    }

    /// Ports that clients call, in map form; 0 is unused.
    @inlinable
    public var servicePorts: InlineArray<10, UInt32> {
        // Same layout: a C array of ten u32.
        get { unsafe unsafeBitCast(service_port, to: InlineArray<10, UInt32>.self) }
        set { service_port = unsafe unsafeBitCast(newValue, to: (type(of: service_port)).self) }
    }

    /// Ports of the pods, in map form, by the index of `servicePorts`.
    @inlinable
    public var targetPorts: InlineArray<10, UInt32> {
        // Same layout: a C array of ten u32.
        get { unsafe unsafeBitCast(target_port, to: InlineArray<10, UInt32>.self) }
        set { target_port = unsafe unsafeBitCast(newValue, to: (type(of: target_port)).self) }
    }
}

extension ServiceValue {
    /// Whether lookups go to the service's waypoint.
    @inlinable
    public func hasWaypoint(_ test: DataplaneOptions.WaypointTest) -> Bool {
        guard waypoint_port != 0 else { return false }
        return test == .firstWord ? wp_addr.word.0 != 0 : !wp_addr.isZero
    }
}

extension BackendValue {
    /// Whether lookups go to the workload's waypoint.
    @inlinable
    public func hasWaypoint(_ test: DataplaneOptions.WaypointTest) -> Bool {
        waypoint_port != 0 && (test == .firstWord || !wp_addr.isZero)
    }

    /// The services of the workload; the first `service_count` count.
    @inlinable
    public var services: InlineArray<10, UInt32> {
        // Same layout: a C array of ten u32.
        get { unsafe unsafeBitCast(service, to: InlineArray<10, UInt32>.self) }
        set { service = unsafe unsafeBitCast(newValue, to: (type(of: service)).self) }
    }
}

extension ManageKey {
    /// The key of a network namespace: its cookie, the rest zero.
    @inlinable
    public init(cookie: UInt64) {
        self.init()
        // Same size: 16 bytes.
        self = unsafe unsafeBitCast((cookie.littleEndian, UInt64(0)), to: ManageKey.self)
    }

    /// The key of an address.
    @inlinable
    public init(_ address: IPAddress) {
        // Same size: 16 bytes.
        self = unsafe unsafeBitCast(MapAddress(address), to: ManageKey.self)
    }
}

extension BackendValue {
    /// An entry with an address only, such as the DNS proxy's.
    public init(addr address: IPAddress) {
        self.init()
        addr = MapAddress(address)
    }
}
