import KernelABI
import Model

/// The maps of the programs that mark packets for encryption, by their names in the kernel. They do not follow the mesh,
/// and outlive restarts and changes of the others' sizes.
enum EncryptionMapName: String, CaseIterable {
    case nodeInfo = "km_nodeinfo"
    case peer = "km_peer"

    /// Sizes of keys and values.
    var byteCounts: (key: Int, value: Int) {
        switch self {
        case .nodeInfo: (MemoryLayout<NodeInfoKey>.size, MemoryLayout<UInt32>.size)
        case .peer: (MemoryLayout<MapAddress>.size, MemoryLayout<UInt32>.size)
        }
    }
}
