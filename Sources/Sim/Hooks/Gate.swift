public import KernelABI
public import Model

/// The first steps of the hooks: the control addresses, who is managed, and the DNS proxy.
@usableFromInline
struct Gate {
    @usableFromInline let options: DataplaneOptions

    @inlinable
    init(options: DataplaneOptions) { self.options = options }

    /// What a connect to a control address asks for.
    @usableFromInline
    enum Command {
        case manage, release
    }

    /// The command of a destination: 0.0.0.2 or ::2 (not the mapped form) with one of two ports.
    @inlinable
    static func command(of destination: SocketAddress) -> Command? {
        guard destination.address == .v4(2) || destination.address == .v6(high: 0, low: 2) else { return nil }
        switch Int32(destination.port) {
        case KM_CONTROL_MANAGE_PORT: return .manage
        case KM_CONTROL_RELEASE_PORT: return .release
        default: return nil
        }
    }

    /// Obeys a command for a key of km_manage, where commands are obeyed.
    @inlinable
    func obey(
        _ destination: SocketAddress, for key: ManageKey, maps: inout some MapAccess,
        recorder: inout some DecisionRecorder
    ) -> Command? {
        guard let command = Self.command(of: destination) else { return nil }
        recorder.record(.option(.controlAddress))
        guard options.controlAddress == .anyProcess else { return nil }
        switch command {
        case .manage: maps.manage(key)
        case .release: maps.release(key)
        }
        return command
    }

    /// Step 1: a call to a control address manages or releases the caller's namespace.
    @inlinable
    func control(
        _ call: SocketCall, maps: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Reason? {
        switch obey(call.destination, for: ManageKey(cookie: call.cookie), maps: &maps, recorder: &recorder) {
        case .manage: .controlManage
        case .release: .controlRelease
        case nil: nil
        }
    }

    /// Step 2: is a namespace in km_manage, whatever the value.
    @inlinable
    func isManaged(
        _ cookie: UInt64, maps: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Bool {
        let found = maps.managed(ManageKey(cookie: cookie)) != nil
        recorder.record(.manage(cookie: cookie, found: found))
        return found
    }

    /// Is a local address in km_manage with value 0.
    @inlinable
    func isManaged(
        _ local: IPAddress, maps: inout some MapAccess, recorder: inout some DecisionRecorder
    ) -> Bool {
        let address = local.unmapped
        let found = maps.managed(ManageKey(address))?.state == 0
        recorder.record(.manageAddress(address, found: found))
        return found
    }

    /// The DNS proxy's address: backend 0. Its hooks are for IPv4; a proxy of the other family is none where families
    /// are told apart.
    @inlinable
    func dnsProxy(maps: inout some MapAccess, recorder: inout some DecisionRecorder) -> IPAddress? {
        let backend = maps.backend(ResourceID(KM_DNS_PROXY_UID))
        recorder.record(.backend(ResourceID(KM_DNS_PROXY_UID), backend))
        guard let backend else { return nil }
        if backend.addr.family == .v6 {
            recorder.record(.option(.mixedFamilies))
            if options.mixedFamilies == .skip { return nil }
        }
        return backend.addr.asV4
    }
}
