public import Model

/// Nodes, pods and their sockets, with virtual time and one generator: a mesh in which the hooks run.
///
/// A value: the same calls on the same world give the same results. Nothing here reads a clock or the environment.
public struct World: Sendable {
    /// What does not change while a world lives.
    public struct Settings: Sendable {
        public var options: DataplaneOptions
        public var seed: UInt64
        /// Backend 0, nil without DNS redirection.
        public var dnsProxy: IPAddress?
        public var isMonitoring: Bool
        public var hasPeriodicReports: Bool

        public init(
            options: DataplaneOptions, seed: UInt64 = 1, dnsProxy: IPAddress? = nil, isMonitoring: Bool = true,
            hasPeriodicReports: Bool = false
        ) {
            self.options = options
            self.seed = seed
            self.dnsProxy = dnsProxy
            self.isMonitoring = isMonitoring
            self.hasPeriodicReports = hasPeriodicReports
        }
    }

    public let settings: Settings
    public private(set) var mesh: Mesh
    /// Nanoseconds since the world began.
    public private(set) var now: UInt64 = 1_000_000_000
    /// What happened so far.
    public internal(set) var counters = Counters()
    public internal(set) var nodes: [String: NodeDataplane] = [:]
    /// Nodes that get maps when a replay needs them.
    var awaitedNodes: Set<String> = []
    var generator: SplitMix64
    var namespaces: [WorkloadUID: PodNamespace] = [:]
    var sockets: [Int: SimSocket] = [:]
    var nextSocket = 1
    private var nextCookie: UInt64 = 1
    /// Cookies in recorded maps: they belong to namespaces of a real node, never to one of this world.
    private var foreignCookies: Set<UInt64> = []
    private var nextPort: UInt16 = 32768
    /// What `setOffloaded` said last of each node.
    var offloaded: [String: Bool] = [:]
    /// What it shall be on nodes that come later; nil for what the options say.
    var offloadedLater: Bool?
    /// Workloads by address, for the server's side of connections. Who came first keeps an address.
    private(set) var workloadsByAddress: [IPAddress: WorkloadUID] = [:]
    /// Workloads that have an address too which another came to first, sorted by uid.
    private var waitingByAddress: [IPAddress: [WorkloadUID]] = [:]

    public init(mesh: Mesh, settings: Settings) {
        self.settings = settings
        self.mesh = mesh
        generator = SplitMix64(seed: settings.seed)
        for workload in mesh.sortedWorkloads { addNamespace(of: workload) }
    }

    public var options: DataplaneOptions { settings.options }

    // MARK: Nodes

    /// Gives a node maps compiled from the mesh as it is now. Does nothing for a node that has maps.
    public mutating func addNode(_ name: String) {
        guard nodes[name] == nil else { return }
        var node = NodeDataplane(
            name: name, hostCookie: makeCookie(), maps: MapStore(capacities: options.capacities),
            compiler: Compiler(node: name, options: options),
            authorization: NodeAuthorization(node: name, mode: authorizationMode(of: name)))
        let changes = Mesh().changes(to: mesh)
        _ = node.apply(changes)
        _ = node.changeAuthorization { $0.apply(changes, from: Mesh(), to: mesh, names: &$1) }
        putDNSProxy(into: &node)
        nodes[name] = node
        for uid in manageRequests.sorted() where namespaces[uid]?.node == name { setManaged(uid, true) }
    }

    /// Gives a node maps that were recorded on a real one. Before any node that follows the mesh.
    public mutating func addNode(_ name: String, recorded maps: MapStore, names: NameTable) {
        avoidCookies(in: maps)
        var node = NodeDataplane(name: name, hostCookie: makeCookie(), maps: maps, recordedNames: names)
        if node.maps.backend(0) == nil { putDNSProxy(into: &node) }
        nodes[name] = node
    }

    /// Gives namespaces whose cookies are in recorded maps other ones, lest they count as managed by chance.
    private mutating func avoidCookies(in maps: MapStore) {
        for entry in maps.manage.sortedEntries {
            // Addresses look like cookies and are avoided as well.
            foreignCookies.insert(layoutBytes(of: entry.key).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) })
        }
        for uid in namespaces.keys.sorted() where foreignCookies.contains(namespaces[uid]?.cookie ?? 0) {
            let cookie = makeCookie()
            namespaces[uid]?.cookie = cookie
        }
    }

    private func putDNSProxy(into node: inout NodeDataplane) {
        guard let proxy = settings.dnsProxy else { return }
        // A full map leaves DNS alone, as in the kernel.
        try? node.maps.backend.update(
            BackendKey(backend_uid: 0), to: BackendValue(addr: proxy))
    }

    /// Names of the nodes that have maps, sorted.
    public var nodeNames: [String] { nodes.keys.sorted() }

    // MARK: The mesh changes

    /// Brings the maps of every node that follows the mesh to a new mesh.
    public mutating func apply(_ target: Mesh) {
        let changes = mesh.changes(to: target)
        let old = mesh
        mesh = target
        for uid in old.workloads.keys.sorted() where target.workloads[uid] == nil { removeNamespace(of: uid) }
        for workload in target.sortedWorkloads where old.workloads[workload.uid] != workload {
            addNamespace(of: workload)
        }
        for name in nodeNames {
            guard var node = nodes[name] else { continue }
            // Taken out meanwhile, so that the maps are not copied.
            nodes[name] = nil
            let result = node.apply(changes)
            let policies = node.changeAuthorization { $0.apply(changes, from: old, to: target, names: &$1) }
            nodes[name] = node
            counters.add(.mapWrites, UInt64(result.writes + policies.writes))
            counters.add(.barriers, UInt64(result.barriers + policies.barriers))
        }
    }

    /// What of the mesh the maps of any node do not hold as it is meant, each once.
    public var problems: [Problem] {
        var problems: [Problem] = []
        var known: Set<Problem> = []
        for name in nodeNames {
            for problem in nodes[name]?.problems ?? [] where known.insert(problem).inserted { problems.append(problem) }
        }
        return problems
    }

    private mutating func addNamespace(of workload: Workload) {
        let uid = workload.uid
        let known = namespaces[uid]
        let isElsewhere = known.map { $0.node != workload.node || $0.addresses != workload.addresses } ?? false
        let isHost = workload.networkMode == .hostNetwork
        let mustMove = manageRequests.contains(uid) && (isElsewhere || isHost)
        if let known, mustMove { release(uid, known) }
        if isHost { manageRequests.remove(uid) }
        let own = isHost ? [] : workload.addresses
        for address in known?.addresses ?? [] where !own.contains(address) { leave(address, uid) }
        for address in own { take(address, uid) }
        namespaces[uid] = PodNamespace(
            cookie: known?.cookie ?? makeCookie(), node: workload.node, addresses: workload.addresses, isHost: isHost)
        if mustMove, !isHost { setManaged(uid, true) }
    }

    private mutating func take(_ address: IPAddress, _ uid: WorkloadUID) {
        guard let holder = workloadsByAddress[address] else {
            workloadsByAddress[address] = uid
            return
        }
        var waiting = waitingByAddress[address] ?? []
        guard holder != uid, !waiting.contains(uid) else { return }
        waiting.insert(uid, at: waiting.firstIndex { uid < $0 } ?? waiting.endIndex)
        waitingByAddress[address] = waiting
    }

    private mutating func leave(_ address: IPAddress, _ uid: WorkloadUID) {
        var waiting = waitingByAddress[address] ?? []
        if workloadsByAddress[address] == uid {
            workloadsByAddress[address] = waiting.isEmpty ? nil : waiting.removeFirst()
        } else {
            waiting.removeAll { $0 == uid }
        }
        waitingByAddress[address] = waiting.isEmpty ? nil : waiting
    }

    private mutating func removeNamespace(of uid: WorkloadUID) {
        guard let namespace = namespaces[uid] else { return }
        setManaged(uid, false)
        for address in namespace.addresses { leave(address, uid) }
        namespaces[uid] = nil
    }

    // MARK: Who is managed

    /// Pods that somebody asked to manage, also on nodes without maps yet.
    private(set) var manageRequests: Set<WorkloadUID> = []

    /// Manages or releases a pod, as the agent of its node does: the namespace and its addresses.
    /// Nothing happens to a pod that shares its node's namespace.
    public mutating func setManaged(_ uid: WorkloadUID, _ isManaged: Bool) {
        guard isManaged else {
            manageRequests.remove(uid)
            if let namespace = namespaces[uid] { release(uid, namespace) }
            return
        }
        guard mesh.workloads[uid]?.networkMode != .hostNetwork else { return }
        manageRequests.insert(uid)
        guard let namespace = namespaces[uid] else { return }
        nodes[namespace.node]?.maps.manage(ManageKey(cookie: namespace.cookie))
        for address in namespace.addresses { nodes[namespace.node]?.maps.manage(ManageKey(address)) }
    }

    /// Takes a pod's namespace and addresses out of km_manage, but for addresses of other managed pods of the node.
    private mutating func release(_ uid: WorkloadUID, _ namespace: PodNamespace) {
        guard !namespace.isHost else { return }
        nodes[namespace.node]?.maps.release(ManageKey(cookie: namespace.cookie))
        for address in namespace.addresses {
            let holders = [workloadsByAddress[address]].compactMap(\.self) + (waitingByAddress[address] ?? [])
            let isKept = holders.contains {
                $0 != uid && manageRequests.contains($0) && namespaces[$0]?.node == namespace.node
            }
            if !isKept { nodes[namespace.node]?.maps.release(ManageKey(address)) }
        }
    }

    /// Whether a pod's namespace is in km_manage of its node.
    public func isManaged(_ uid: WorkloadUID) -> Bool {
        guard let namespace = namespaces[uid], let node = nodes[namespace.node] else {
            return manageRequests.contains(uid)
        }
        return node.maps.managed(ManageKey(cookie: namespace.cookie)) != nil
    }

    // MARK: Time, chance, snapshots

    /// Lets time pass.
    /// - Returns: false when the clock cannot hold so late a time; it stays where it is then.
    public mutating func advance(nanoseconds: UInt64) -> Bool {
        let (later, isOverflow) = now.addingReportingOverflow(nanoseconds)
        if !isOverflow { now = later }
        return !isOverflow
    }

    /// The maps of every node, to be restored later.
    public var mapSnapshot: [String: MapStore] { nodes.mapValues(\.maps) }

    /// Puts maps back. The compilers are not told: later changes are applied to the old maps, as after a restore of
    /// real ones.
    public mutating func restore(_ snapshot: [String: MapStore]) {
        for (name, maps) in snapshot { nodes[name]?.maps = maps }
    }

    /// Changes a node's maps behind the compiler's back.
    public mutating func write(_ write: MapWrite, node: String) throws(MapError) {
        try nodes[node]?.maps.apply(write)
    }

    private mutating func makeCookie() -> UInt64 {
        while foreignCookies.contains(nextCookie) { nextCookie += 1 }
        defer { nextCookie += 1 }
        return nextCookie
    }

    /// The next ephemeral port, 32768…60999 as Linux has them.
    mutating func makePort() -> UInt16 {
        defer { nextPort = nextPort == 60999 ? 32768 : nextPort + 1 }
        return nextPort
    }
}
