internal import CLinux
internal import CSecrets
import Glibc
public import Model

/// The states and policies of IPsec that the kernel has for a network namespace, over netlink.
public struct XFRMSocket: ~Copyable, Sendable {
    /// A state that is there.
    public struct FoundState: Hashable, Sendable {
        public var id: XFRMState.ID
        /// nil where it has something that our states never have, such as another algorithm.
        public var state: XFRMState?
        /// Received or sent.
        public var packetCount: UInt64
        /// The highest sequence numbers.
        public var received: UInt64
        public var sent: UInt64
    }

    /// A policy that is there.
    public struct FoundPolicy: Hashable, Sendable {
        public var id: XFRMPolicy.ID
        /// nil where it has something that our policies never have, such as another protocol.
        public var policy: XFRMPolicy?
    }

    private let socket: Descriptor

    /// That of the caller's network namespace.
    /// - Throws: also where the kernel has no IPsec at all.
    public init() throws(KernelError) { try self.init(namespace: KM_XFRM_OWN_NAMESPACE.rawValue) }

    /// That of another network namespace.
    public init(in namespace: borrowing Descriptor) throws(KernelError) {
        try self.init(namespace: namespace.withRaw { $0 })
    }

    /// That of a network namespace that is made for it and goes with it.
    public static func inNewNamespace() throws(KernelError) -> XFRMSocket {
        try XFRMSocket(namespace: KM_XFRM_NEW_NAMESPACE.rawValue)
    }

    private init(namespace: CInt) throws(KernelError) {
        let raw = km_xfrm_open(namespace)
        guard raw >= 0 else { throw KernelError("open", "the kernel's IPsec (xfrm)", errno: -raw) }
        socket = Descriptor(adopting: raw)
    }

    /// Whether the kernel has ESP with our algorithm for the families. Loads modules where they are not loaded yet, and
    /// touches no state of the host.
    /// - Throws: what the kernel says to a state of a namespace that is made for this.
    public static func probe(_ families: Set<AddressFamily>) throws(KernelError) {
        let empty = try inNewNamespace()
        for family in families.sorted(by: { $0.rawValue < $1.rawValue }) {
            let local: IPAddress = family == .v4 ? .v4(0x7f00_0001) : .v6(high: 0, low: 1)
            guard let key = AEADKey(bytes: [UInt8](repeating: 0, count: 36)) else { preconditionFailure("36 bytes") }
            var state = XFRMState(source: local, destination: local, spi: SPI(rawValue: 0x100), key: key)
            state.replayWindow = EncryptionRules.replayWindow
            try empty.apply(.addState(state))
        }
    }

    // MARK: Changes

    /// Applies one change.
    /// - Throws: EEXIST where a state or policy that is to be added is found, ESRCH or ENOENT where one that is to be
    ///   changed or deleted is not; ENOSYS where the kernel lacks the algorithm, EPROTONOSUPPORT where it lacks ESP.
    public borrowing func apply(_ change: XFRMChange) throws(KernelError) {
        switch change {
        case .addState(let state): try set(state, updates: false)
        case .updateState(let state): try set(state, updates: true)
        case .deleteState(let id): try delete(id)
        case .addPolicy(let policy): try set(policy, updates: false)
        case .updatePolicy(let policy): try set(policy, updates: true)
        case .deletePolicy(let id):
            var wanted = km_xfrm_policy(id)
            // In bounds: the call reads the one value.
            try check(socket.withRaw { unsafe km_xfrm_delete_policy($0, &wanted) }, "delete", id)
        case .flushStates: try check(socket.withRaw { km_xfrm_flush_states($0) }, "flush", "all states")
        case .flushPolicies: try check(socket.withRaw { km_xfrm_flush_policies($0) }, "flush", "all policies")
        }
    }

    /// Adds a state whose packets have the numbers after one; it must have a replay window or numbers of 64 bits.
    /// - Throws: as `apply`.
    borrowing func add(_ state: XFRMState, after number: UInt64) throws(KernelError) {
        try set(state, updates: false, after: number)
    }

    private borrowing func set(_ state: XFRMState, updates: Bool, after number: UInt64 = 0) throws(KernelError) {
        var wanted = km_xfrm_state(state)
        defer { wanted.wipe() }
        wanted.sent = number
        // In bounds: the call reads the one value.
        let status = socket.withRaw { unsafe km_xfrm_set_state($0, updates ? 1 : 0, &wanted) }
        try check(status, updates ? "update" : "add", state.id)
    }

    private borrowing func set(_ policy: XFRMPolicy, updates: Bool) throws(KernelError) {
        guard var wanted = km_xfrm_policy(policy) else {
            throw KernelError(updates ? "update" : "add", policy.id.description, errno: E2BIG)
        }
        // In bounds: the call reads the one value.
        let status = socket.withRaw { unsafe km_xfrm_set_policy($0, updates ? 1 : 0, &wanted) }
        try check(status, updates ? "update" : "add", policy.id)
    }

    /// The kernel takes any state whose mark matches ours: that may be one without a mark, of somebody else. So it is
    /// asked first which one it would be.
    private borrowing func delete(_ id: XFRMState.ID) throws(KernelError) {
        var wanted = km_xfrm_state(id)
        var found = km_xfrm_state()
        defer { found.wipe() }
        // In bounds: the call reads the one value and fills the other.
        try check(socket.withRaw { unsafe km_xfrm_find_state($0, &wanted, &found) }, "find", id)
        guard MarkSelector(found.mark) == id.mark else { throw KernelError("find", id.description, errno: ESRCH) }
        // In bounds: the call reads the one value.
        try check(socket.withRaw { unsafe km_xfrm_delete_state($0, &wanted) }, "delete", id)
    }

    private func check(_ status: CInt, _ operation: String, _ object: some CustomStringConvertible) throws(KernelError)
    {
        guard status == 0 else { throw KernelError(operation, object.description, errno: status) }
    }

    // MARK: What is there

    /// All states of ESP, in the kernel's order.
    public borrowing func states() throws(KernelError) -> [FoundState] {
        var list: UnsafeMutablePointer<km_xfrm_state>?
        var count = 0
        // The call gives a list of that many, which is ours.
        let status = socket.withRaw { unsafe km_xfrm_list_states($0, &list, &count) }
        try check(status, "list", "the kernel's IPsec states")
        guard let list = unsafe list else { return [] }
        defer {
            // In bounds: the whole list.
            unsafe cs_wipe(list, count * MemoryLayout<km_xfrm_state>.stride)
            unsafe free(list)
        }
        return (0..<count).compactMap { index in
            // In bounds: the list has that many.
            unsafe FoundState(&list[index])
        }
    }

    /// All policies whose selectors our policies could have, in the kernel's order.
    public borrowing func policies() throws(KernelError) -> [FoundPolicy] {
        var list: UnsafeMutablePointer<km_xfrm_policy>?
        var count = 0
        // The call gives a list of that many, which is ours.
        let status = socket.withRaw { unsafe km_xfrm_list_policies($0, &list, &count) }
        try check(status, "list", "the kernel's IPsec policies")
        guard let list = unsafe list else { return [] }
        defer { unsafe free(list) }
        // In bounds: the list has that many.
        return unsafe UnsafeBufferPointer(start: list, count: count).compactMap { found in
            XFRMPolicy.ID(found).map { FoundPolicy(id: $0, policy: XFRMPolicy(found, id: $0)) }
        }
    }
}

extension XFRMSocket.FoundState {
    /// - Returns: nil for a state of another protocol than ESP.
    fileprivate init?(_ found: inout km_xfrm_state) {
        guard found.is_esp != 0 else { return nil }
        id = XFRMState.ID(found)
        state = XFRMState(&found)
        packetCount = found.packet_count
        received = found.received
        sent = found.sent
    }
}

extension km_xfrm_state {
    /// Overwrites it, the key above all.
    mutating func wipe() {
        // In bounds: the value itself.
        unsafe withUnsafeMutableBytes(of: &self) { unsafe cs_wipe($0.baseAddress, $0.count) }
    }
}
