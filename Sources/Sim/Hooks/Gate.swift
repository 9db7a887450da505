public import KernelABI
public import Model

/// The first steps of every socket hook: the control addresses, who is managed, and the DNS proxy.
@usableFromInline
struct Gate {
    @usableFromInline let options: DataplaneOptions

    @inlinable
    init(options: DataplaneOptions) { self.options = options }

    /// Whether an address is 0.0.0.2 or ::2 (not the mapped form).
    @inlinable
    static func isControl(_ address: IPAddress) -> Bool {
        address == .v4(2) || address == .v6(high: 0, low: 2)
    }

    /// Step 1: a connect to a control address manages or releases the caller's namespace.
    @inlinable
    func control(
        _ call: SocketCall, maps: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Reason? {
        guard Self.isControl(call.destination.address) else { return nil }
        let isManage = call.destination.port == UInt16(KM_CONTROL_MANAGE_PORT)
        guard isManage || call.destination.port == UInt16(KM_CONTROL_RELEASE_PORT) else { return nil }
        guard options.controlAddress == .anyProcess else {
            recorder.record(.option(.controlAddress))
            return nil
        }
        if isManage {
            maps.manage(ManageKey(cookie: call.cookie))
        } else {
            maps.release(ManageKey(cookie: call.cookie))
        }
        return isManage ? .controlManage : .controlRelease
    }

    /// Step 2: is the caller's namespace in km_manage, whatever the value.
    @inlinable
    func isManaged(
        _ call: SocketCall, maps: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Bool {
        let found = maps.managed(ManageKey(cookie: call.cookie)) != nil
        recorder.record(.manage(cookie: call.cookie, found: found))
        return found
    }

    /// The DNS proxy's address: backend 0.
    @inlinable
    func dnsProxy(maps: inout some MapAccess, recorder: inout some DecisionRecorder) -> IPAddress? {
        let backend = maps.backend(ResourceID(KM_DNS_PROXY_UID))
        recorder.record(.backend(ResourceID(KM_DNS_PROXY_UID), backend))
        return backend?.addr.asV4
    }
}
