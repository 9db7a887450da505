public import KernelABI

/// A key of a hash map: compared and hashed as the kernel does, by its bytes.
public protocol MapKey: Sendable {
    /// Spreads the key over 64 bits; the same on every machine.
    var hashBits: UInt64 { get }
    /// Whether all bytes are the same.
    func isSame(as other: Self) -> Bool
}

/// Mixes 64 bits so that every input bit reaches the upper half.
@inlinable
func mixed(_ bits: UInt64) -> UInt64 {
    let product = bits &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 32
}

extension MapAddress {
    @inlinable
    var halves: (UInt64, UInt64) {
        (UInt64(word.0) | UInt64(word.1) << 32, UInt64(word.2) | UInt64(word.3) << 32)
    }
}

extension FrontendKey: MapKey {
    @inlinable
    public var hashBits: UInt64 {
        let (first, second) = addr.halves
        return mixed(first ^ mixed(second))
    }
    @inlinable
    public func isSame(as other: FrontendKey) -> Bool { addr.halves == other.addr.halves }
}

extension ServiceKey: MapKey {
    @inlinable
    public var hashBits: UInt64 { mixed(UInt64(service_id)) }
    @inlinable
    public func isSame(as other: ServiceKey) -> Bool { service_id == other.service_id }
}

extension EndpointKey: MapKey {
    @inlinable
    public var hashBits: UInt64 {
        mixed(UInt64(service_id) | UInt64(backend_index) << 32) ^ mixed(UInt64(prio) &+ 1)
    }
    @inlinable
    public func isSame(as other: EndpointKey) -> Bool {
        service_id == other.service_id && prio == other.prio && backend_index == other.backend_index
    }
}

extension BackendKey: MapKey {
    @inlinable
    public var hashBits: UInt64 { mixed(UInt64(backend_uid)) }
    @inlinable
    public func isSame(as other: BackendKey) -> Bool { backend_uid == other.backend_uid }
}

extension ServicePortKey: MapKey {
    @inlinable
    public var hashBits: UInt64 { mixed(UInt64(service_id) | UInt64(service_port) << 32) }
    @inlinable
    public func isSame(as other: ServicePortKey) -> Bool {
        service_id == other.service_id && service_port == other.service_port
    }
}

extension ManageKey: MapKey {
    @inlinable
    var halves: (UInt64, UInt64) {
        // Same size: 16 bytes.
        unsafe unsafeBitCast(self, to: (UInt64, UInt64).self)
    }
    @inlinable
    public var hashBits: UInt64 { mixed(halves.0 ^ mixed(halves.1)) }
    @inlinable
    public func isSame(as other: ManageKey) -> Bool { halves == other.halves }
}

extension NodeInfoKey: MapKey {
    @inlinable
    public var hashBits: UInt64 {
        let (first, second) = addr.halves
        return mixed(first ^ mixed(second ^ UInt64(prefix_length)))
    }
    @inlinable
    public func isSame(as other: NodeInfoKey) -> Bool {
        prefix_length == other.prefix_length && addr.halves == other.addr.halves
    }
}

extension MapAddress: MapKey {
    @inlinable
    public var hashBits: UInt64 {
        let (first, second) = halves
        return mixed(first ^ mixed(second))
    }
    @inlinable
    public func isSame(as other: MapAddress) -> Bool { halves == other.halves }
}

extension ConnectionTuple: MapKey {
    /// All 36 bytes: the IPv6 member covers the whole union.
    @inlinable
    var parts: (MapAddress, MapAddress, UInt64) {
        let tuple = ipv6
        return (
            MapAddress(word: tuple.saddr), MapAddress(word: tuple.daddr),
            UInt64(tuple.sport) | UInt64(tuple.dport) << 16
        )
    }
    @inlinable
    public var hashBits: UInt64 {
        let (source, destination, ports) = parts
        return mixed(source.hashBits ^ mixed(destination.hashBits ^ mixed(ports &+ 1)))
    }
    @inlinable
    public func isSame(as other: ConnectionTuple) -> Bool {
        let (own, its) = (parts, other.parts)
        return own.0.isSame(as: its.0) && own.1.isSame(as: its.1) && own.2 == its.2
    }
}

extension FragmentKey: MapKey {
    @inlinable
    public var hashBits: UInt64 {
        let number = UInt64(identification) | UInt64(is_ipv6) << 32
        return mixed(source.hashBits ^ mixed(destination.hashBits ^ mixed(number &+ 1)))
    }
    @inlinable
    public func isSame(as other: FragmentKey) -> Bool {
        source.isSame(as: other.source) && destination.isSame(as: other.destination)
            && identification == other.identification && is_ipv6 == other.is_ipv6
    }
}
