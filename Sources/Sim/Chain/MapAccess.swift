public import KernelABI
public import Model

/// The maps as a hook sees them: one call is one map operation of the kernel. A protocol, because tests put other
/// writes between the steps of one lookup.
public protocol MapAccess {
    mutating func managed(_ key: ManageKey) -> ManageValue?
    mutating func manage(_ key: ManageKey)
    mutating func release(_ key: ManageKey)
    mutating func frontend(_ address: IPAddress) -> FrontendValue?
    mutating func service(_ id: ResourceID) -> ServiceValue?
    mutating func endpoint(_ key: EndpointKey) -> EndpointValue?
    mutating func backend(_ uid: ResourceID) -> BackendValue?
    mutating func backendAlternative(_ uid: ResourceID) -> BackendAlternative?
    mutating func servicePort(_ key: ServicePortKey) -> ServicePortValue?
}

// Inlined by force: a call would copy the store, 300 bytes with eight references.
extension MapStore: MapAccess {
    @inlinable @inline(__always)
    public func managed(_ key: ManageKey) -> ManageValue? { manage.lookup(key) }

    public mutating func manage(_ key: ManageKey) {
        // A full map keeps the namespace out of the mesh, as in the kernel.
        try? manage.update(key, to: ManageValue(state: 0))
    }

    public mutating func release(_ key: ManageKey) {
        // Releasing what is not managed changes nothing.
        try? manage.delete(key)
    }

    @inlinable @inline(__always)
    public func frontend(_ address: IPAddress) -> FrontendValue? { frontend.lookup(FrontendKey(address)) }

    @inlinable @inline(__always)
    public func service(_ id: ResourceID) -> ServiceValue? { service.lookup(ServiceKey(service_id: id)) }

    @inlinable @inline(__always)
    public func endpoint(_ key: EndpointKey) -> EndpointValue? { endpoint.lookup(key) }

    @inlinable @inline(__always)
    public func backend(_ uid: ResourceID) -> BackendValue? { backend.lookup(BackendKey(backend_uid: uid)) }

    @inlinable @inline(__always)
    public func backendAlternative(_ uid: ResourceID) -> BackendAlternative? {
        backendAlternative.lookup(BackendKey(backend_uid: uid))
    }

    @inlinable @inline(__always)
    public func servicePort(_ key: ServicePortKey) -> ServicePortValue? { servicePort.lookup(key) }
}
