internal import CBPF
import Glibc
public import Model

/// km_nodeinfo and km_peer in the kernel: whose packets are encrypted, and by what mark.
public struct EncryptionKernelMaps: ~Copyable {
    private let nodeInfo: KernelMap<NodeInfoKey, UInt32>
    private let peers: KernelMap<MapAddress, UInt32>

    /// Most prefixes.
    public var prefixCapacity: Int { nodeInfo.capacity }

    /// Takes over descriptors of maps whose layouts were checked.
    static func opening(_ open: (String) throws(LoadError) -> Descriptor) throws(LoadError) -> EncryptionKernelMaps {
        func map<Key, Value>(_ name: EncryptionMapName) throws(LoadError) -> KernelMap<Key, Value> {
            let descriptor = try open(name.rawValue)
            let capacity = try descriptor.withRaw { (raw) throws(LoadError) in
                try MapInformation(of: raw, name: name.rawValue).capacity
            }
            return KernelMap(name: name.rawValue, capacity: capacity, adopting: descriptor)
        }
        let nodeInfo: KernelMap<NodeInfoKey, UInt32> = try map(.nodeInfo)
        let peers: KernelMap<MapAddress, UInt32> = try map(.peer)
        return EncryptionKernelMaps(nodeInfo: nodeInfo, peers: peers)
    }

    /// Opens what is pinned; nil unless both are.
    static func pinned(in pins: PinDirectory) throws(LoadError) -> EncryptionKernelMaps? {
        for name in EncryptionMapName.allCases where try pins.open(name.rawValue) == nil { return nil }
        return try opening { (name) throws(LoadError) in
            guard let map = try pins.open(name) else {
                // It went meanwhile.
                throw .kernel(KernelError("open", pins.path(of: name), errno: ENOENT))
            }
            return map
        }
    }

    /// Marks what pods send to a prefix, and, where packets in clear are refused, lets nothing else in from there.
    public borrowing func encrypt(to prefix: Prefix) throws(KernelError) {
        try nodeInfo.update(NodeInfoKey(prefix), to: 1)
    }

    /// - Returns: whether the prefix was there.
    @discardableResult
    public borrowing func leaveClear(_ prefix: Prefix) throws(KernelError) -> Bool {
        try nodeInfo.delete(NodeInfoKey(prefix))
    }

    /// All prefixes, in no order, host bits cleared. The layout does not tell families apart: what has nothing behind 32
    /// bits, and is no longer than that, is taken for IPv4.
    public borrowing func prefixes() throws(KernelError) -> [Prefix] {
        var prefixes: [Prefix] = []
        var key: NodeInfoKey?
        while let next = try self.key(after: key) {
            key = next
            let isV4 = next.prefix_length <= 32 && next.addr.family == .v4
            let address = isV4 ? next.addr.asV4 : next.addr.asV6
            if let prefix = Prefix(address, length: Int(next.prefix_length)) { prefixes.append(prefix) }
        }
        return prefixes
    }

    /// The next key of km_nodeinfo. A trie's place in a batch is a whole key, and so it is walked key by key.
    private borrowing func key(after key: NodeInfoKey?) throws(KernelError) -> NodeInfoKey? {
        var next = NodeInfoKey()
        // In bounds: both are whole keys.
        let status = nodeInfo.descriptor.withRaw { raw in
            guard var key else { return unsafe bpf_map_get_next_key(raw, nil, &next) }
            return unsafe bpf_map_get_next_key(raw, &key, &next)
        }
        if status == -ENOENT { return nil }
        guard status == 0 else { throw KernelError("read", nodeInfo.name, errno: -status) }
        return next
    }

    /// Gives ESP from an address of a peer a mark.
    public borrowing func mark(_ address: IPAddress, as mark: PacketMark) throws(KernelError) {
        try peers.update(MapAddress(address.mapped), to: mark.rawValue)
    }

    /// - Returns: whether the address had a mark.
    @discardableResult
    public borrowing func forget(_ address: IPAddress) throws(KernelError) -> Bool {
        try peers.delete(MapAddress(address.mapped))
    }

    /// The marks of peers, by their addresses; IPv4 addresses are such.
    public borrowing func peerMarks() throws(KernelError) -> [IPAddress: PacketMark] {
        var marks: [IPAddress: PacketMark] = [:]
        try peers.forEach { marks[$0.asV6.unmapped] = PacketMark(rawValue: $1) }
        return marks
    }
}
