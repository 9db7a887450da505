internal import CBPF
import Glibc
import Model

/// The maps by which the programs at interfaces know peers.
struct EncryptionMaps: ~Copyable {
    static let nodeInfoName = "km_nodeinfo"
    static let peerName = "km_peer"

    private let nodeInfo: KernelMap<NodeInfoKey, UInt32>
    private let peers: KernelMap<MapAddress, UInt32>

    /// Opens both by their names.
    init(_ open: (String) throws -> Descriptor) throws {
        let nodeInfo: KernelMap<NodeInfoKey, UInt32> = try Self.map(Self.nodeInfoName, open(Self.nodeInfoName))
        peers = try Self.map(Self.peerName, open(Self.peerName))
        self.nodeInfo = nodeInfo
    }

    /// Opens what is pinned.
    init(in pins: PinDirectory) throws {
        try self.init { name in
            guard let map = try pins.open(name) else {
                throw AgentError.refused("nothing is pinned at \(pins.path(of: name))")
            }
            return map
        }
    }

    /// Whether both are pinned.
    static func arePinned(in pins: PinDirectory) throws(LoadError) -> Bool {
        for name in [nodeInfoName, peerName] where try pins.open(name) == nil { return false }
        return true
    }

    private static func map<Key, Value>(
        _ name: String, _ descriptor: consuming Descriptor
    ) throws(LoadError) -> KernelMap<Key, Value> {
        let capacity = try descriptor.withRaw { (raw) throws(LoadError) in
            try MapInformation(of: raw, name: name).capacity
        }
        return KernelMap(name: name, capacity: capacity, adopting: descriptor)
    }

    borrowing func encrypt(to prefix: Prefix) throws(KernelError) { try nodeInfo.update(NodeInfoKey(prefix), to: 1) }

    borrowing func leaveClear(_ prefix: Prefix) throws(KernelError) { try nodeInfo.delete(NodeInfoKey(prefix)) }

    borrowing func mark(_ peer: IPAddress, _ mark: PacketMark) throws(KernelError) {
        try peers.update(MapAddress(peer.mapped), to: mark.rawValue)
    }

    borrowing func forget(_ peer: IPAddress) throws(KernelError) { try peers.delete(MapAddress(peer.mapped)) }

    /// Where packets are encrypted to.
    borrowing func prefixes() throws(KernelError) -> [Prefix] {
        var prefixes: [Prefix] = []
        try nodeInfo.forEachKey { key in
            if let prefix = Prefix(key) { prefixes.append(prefix) }
        }
        return prefixes
    }

    borrowing func peerMarks() throws(KernelError) -> [IPAddress: PacketMark] {
        var marks: [IPAddress: PacketMark] = [:]
        try peers.forEach { marks[$0.asV6.unmapped] = PacketMark(rawValue: $1) }
        return marks
    }
}

extension Prefix {
    /// The prefix of a key. Both families lie in one map: a key that says something of the first four bytes only is one of
    /// IPv4.
    init?(_ key: NodeInfoKey) {
        let address = key.addr.asV6
        guard case .v6(let high, let low) = address else { return nil }
        let isV4 = key.prefix_length <= 32 && high & 0xffff_ffff == 0 && low == 0
        self.init(isV4 ? .v4(UInt32(high >> 32)) : address, length: Int(key.prefix_length))
    }
}

extension KernelMap {
    /// Hands out every key. For maps whose place is a key, such as tries; nobody else must write meanwhile.
    borrowing func forEachKey(_ body: (Key) -> Void) throws(KernelError) {
        var (key, next) = (zeroed(Key.self), zeroed(Key.self))
        var isFirst = true
        while true {
            // In bounds: both keys have the size that the map was checked for.
            let status = descriptor.withRaw { raw in
                unsafe isFirst ? bpf_map_get_next_key(raw, nil, &next) : bpf_map_get_next_key(raw, &key, &next)
            }
            if status == -ENOENT { return }
            guard status == 0 else { throw KernelError("read", name, errno: -status) }
            body(next)
            (key, isFirst) = (next, false)
        }
    }
}
