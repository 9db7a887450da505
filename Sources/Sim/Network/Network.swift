public import Model

/// Nodes, their pods, and the wire between them: what carries one IP packet after another, byte for byte as Linux does.
///
/// Every node can send to every other directly. The clock stands still: nothing times out, no error is held back for
/// having been too frequent.
public struct Network {
    /// A pod with an interface of its own.
    public struct Pod: Hashable, Sendable {
        public var name: String
        public var addresses: [IPAddress]
        /// Index in `nodes`.
        public var node: Int
    }

    /// Who has an address.
    struct Owner: BitwiseCopyable, Sendable {
        var node: Int32
        /// -1 for the node itself.
        var pod: Int32
    }

    public let options: DataplaneOptions
    let tcPod: TCPod
    let tcUplink: TCUplink
    /// What is in them may be changed at any time between two packets; their addresses may not.
    public var nodes: [NodeNetwork] = []
    public private(set) var pods: [Pod] = []
    /// The packet that arrived last, from the IP header on, where its journey says that it was rebuilt.
    public internal(set) var arrival: [UInt8] = []
    /// IPv4 addresses as mapped ones.
    private var owners = HashMap<MapAddress, Owner>(capacity: 1 << 24)
    /// Nodes by the prefixes of their pods, IPv4 as mapped ones.
    private var prefixes = LongestPrefixMap(capacity: 1 << 20)
    /// Of the packet on its way, where its transit has a `frontByteCount`: there is one at a time.
    var concealed: Concealed?
    /// Buffers that no packet is in.
    private var spareBuffers: [[UInt8]] = []

    public init(options: DataplaneOptions) {
        self.options = options
        tcPod = TCPod(options)
        tcUplink = TCUplink(options)
    }

    /// The nodes and pods of a mesh, by name; also nodes that only workloads name. km_nodeinfo and XFRM are empty.
    /// - Parameter seed: Of what chance gives to packets.
    public init(_ mesh: Mesh, options: DataplaneOptions, seed: UInt64 = 1) {
        self.init(options: options)
        var generator = SplitMix64(seed: seed)
        var indices: [String: Int] = [:]
        func add(_ node: Node, to network: inout Network) {
            indices[node.name] = network.add(
                NodeNetwork(
                    node.name, addresses: node.addresses, podPrefixes: node.podPrefixes,
                    gateways: node.podGateway.map { [$0] } ?? [], seed: generator.next()))
        }
        for node in mesh.sortedNodes { add(node, to: &self) }
        for workload in mesh.sortedWorkloads where workload.networkMode == .standard && !workload.node.isEmpty {
            if indices[workload.node] == nil { add(Node(workload.node), to: &self) }
            guard let node = indices[workload.node] else { continue }
            addPod(workload.uid.text, addresses: workload.addresses, node: node)
        }
    }

    /// Adds a node, and makes its addresses and prefixes known everywhere. Who came first keeps an address.
    /// - Returns: Its index.
    @discardableResult
    public mutating func add(_ node: NodeNetwork) -> Int {
        let index = nodes.count
        nodes.append(node)
        for address in node.addresses + node.gateways { own(address, Owner(node: Int32(index), pod: -1)) }
        for prefix in node.podPrefixes {
            let mapped = prefix.address.family == .v4 ? prefix.length + 96 : prefix.length
            let key = NodeInfoKey(prefix_length: UInt32(mapped), addr: MapAddress(prefix.address.mapped))
            // A table too small for the prefixes of a million nodes leaves the last of them out.
            try? prefixes.update(key, to: UInt32(index))
        }
        return index
    }

    /// Adds a pod of a node.
    /// - Returns: Its index.
    @discardableResult
    public mutating func addPod(_ name: String, addresses: [IPAddress], node: Int) -> Int {
        let index = pods.count
        pods.append(Pod(name: name, addresses: addresses, node: node))
        for address in addresses { own(address, Owner(node: Int32(node), pod: Int32(index))) }
        return index
    }

    private mutating func own(_ address: IPAddress, _ owner: Owner) {
        let key = MapAddress(address.mapped)
        guard owners.position(of: key) == nil else { return }
        // A full table leaves the address outside the mesh.
        try? owners.update(key, to: owner)
    }

    /// The pod that has an address.
    public func pod(at address: IPAddress) -> Int? {
        guard let owner = owners.lookup(MapAddress(address.mapped)), owner.pod >= 0 else { return nil }
        return Int(owner.pod)
    }

    /// The node that has an address itself, or whose pod has it, or whose prefixes hold it.
    public func node(for address: IPAddress) -> Int? {
        let key = MapAddress(address.mapped)
        if let owner = owners.lookup(key) { return Int(owner.node) }
        return prefixes.lookup(key).map { Int($0) }
    }

    /// Where a node sends what goes to an address. Mutating, as all on a packet's path is, though it changes nothing: the
    /// network is reached in place then, and not copied.
    mutating func route(to address: IPAddress, at node: Int) -> NetworkRoute {
        let key = MapAddress(address.mapped)
        if let owner = owners.lookup(key) {
            guard Int(owner.node) == node else { return .node(Int(owner.node)) }
            return owner.pod < 0 ? .local : .pod(Int(owner.pod))
        }
        if address.isOnLink { return .local }
        guard let holder = prefixes.lookup(key) else { return .outside }
        return Int(holder) == node ? .nobody : .node(Int(holder))
    }

    // MARK: Buffers

    /// A buffer for the bytes of a packet; its contents do not matter.
    mutating func takeBuffer() -> [UInt8] { spareBuffers.popLast() ?? [] }

    mutating func giveBack(_ buffer: consuming [UInt8]) { spareBuffers.append(buffer) }
}

extension IPAddress {
    /// Multicast, link-local and broadcast addresses: what no node forwards.
    fileprivate var isOnLink: Bool {
        switch self {
        case .v4(let bits): bits >> 28 == 0xe || bits >> 16 == 0xa9fe || bits == .max
        case .v6(let high, _): high >> 56 == 0xff || high >> 54 == 0x3fa
        }
    }
}
