public import Model

/// What may happen next while a cluster's key is rotated. Nodes count from 0.
public enum RotationEvent: Hashable, Sendable {
    /// The node's key file gets the new key, and its agent reads it.
    case rotate(Int)
    /// What a node has published last reaches another one's agent.
    case deliver(from: Int, to: Int)
    /// The node's agent takes the next of its steps. In a reduced search it takes as many as make no difference to
    /// anybody else.
    case step(Int)
    /// Time passes, in which a node receives from another under the new key alone; its agent looks at that.
    case quiet(Int, of: Int)
    /// The node's agent is started anew: what is in the kernel stays, earlier keys are forgotten.
    case restart(Int)
    /// The node boots: its kernel holds nothing, and its boot id is another.
    case reboot(Int)

    /// Where it happens.
    var node: Int {
        switch self {
        case .rotate(let node), .deliver(_, let node), .step(let node), .quiet(let node, _), .restart(let node),
            .reboot(let node):
            node
        }
    }

    /// The same with nodes by other numbers.
    func renamed(_ permutation: [Int]) -> RotationEvent {
        switch self {
        case .rotate(let node): .rotate(permutation[node])
        case .deliver(let from, let to): .deliver(from: permutation[from], to: permutation[to])
        case .step(let node): .step(permutation[node])
        case .quiet(let node, let peer): .quiet(permutation[node], of: permutation[peer])
        case .restart(let node): .restart(permutation[node])
        case .reboot(let node): .reboot(permutation[node])
        }
    }
}

/// A cluster whose key is to be rotated, and what may happen meanwhile.
public struct RotationCluster: Hashable, Sendable {
    /// 2 to `maximumNodeCount`.
    public var nodeCount: Int
    public var preset: Preset
    /// How often each agent may be started anew.
    public var restartCount = 0
    /// How often each node may boot.
    public var rebootCount = 0

    public static let maximumNodeCount = 5
    /// Before and after.
    public static let (oldSPI, newSPI) = (SPI(rawValue: 1), SPI(rawValue: 2))

    public init(nodeCount: Int, preset: Preset, restartCount: Int = 0, rebootCount: Int = 0) {
        precondition((2...Self.maximumNodeCount).contains(nodeCount), "\(nodeCount) nodes")
        self.nodeCount = nodeCount
        self.preset = preset
        self.restartCount = restartCount
        self.rebootCount = rebootCount
    }

    /// node-a, node-b and so on.
    public static func name(_ node: Int) -> String {
        "node-" + String(UnicodeScalar(UInt8(ascii: "a") + UInt8(truncatingIfNeeded: node)))
    }

    public static func address(_ node: Int) -> IPAddress { .v4(0xc0a8_6400 | UInt32(node + 1)) }

    /// 10.244.1.0/24 and so on.
    public static func podPrefix(_ node: Int) -> Prefix {
        guard let prefix = Prefix(.v4(0x0af4_0000 | UInt32(node + 1) << 8), length: 24) else {
            preconditionFailure("24 bits are a length")
        }
        return prefix
    }

    /// What a node says of itself under the old key.
    public static func info(_ node: Int, bootCount: Int = 0) -> NodeEncryption {
        let digits = "\(1000 + 10 * node + bootCount)"
        return NodeEncryption(
            spi: oldSPI, addresses: [address(node)], bootID: "00000000-0000-0000-0000-00000000" + digits,
            podPrefixes: [podPrefix(node)])
    }

    static func key(_ spi: SPI) -> EncryptionKey {
        guard let key = AEADKey(bytes: Array(repeating: UInt8(truncatingIfNeeded: spi.rawValue), count: 20)) else {
            preconditionFailure("20 bytes are a key")
        }
        return EncryptionKey(spi: spi, key: key)
    }
}
