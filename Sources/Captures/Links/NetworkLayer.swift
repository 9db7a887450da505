public import Model

/// Which way a packet went at the place where it was captured.
@frozen
public enum PacketDirection: UInt8, Hashable, Sendable, CaseIterable {
    case unknown, incoming, outgoing
    /// Seen on its way between others.
    case passing
}

/// Where in a frame the network layer begins, and what the frame's beginning tells.
@frozen
public struct NetworkLayer: Hashable, Sendable {
    /// Of what begins at `offset`; 0 for an address family that has none.
    public var etherType: EtherType
    /// From the beginning of the frame; may be its end.
    public var offset: Int
    public var direction: PacketDirection
    /// The kernel's number of the interface; 0 where the frame does not tell it.
    public var kernelInterface: UInt32

    @inlinable
    public init(
        _ etherType: EtherType, at offset: Int, direction: PacketDirection = .unknown, kernelInterface: UInt32 = 0
    ) {
        self.etherType = etherType
        self.offset = offset
        self.direction = direction
        self.kernelInterface = kernelInterface
    }
}
