public import Model

/// The nodes that the guest makes: each a network namespace, with its uplink on a bridge that is the wire, and two pods,
/// namespaces of their own. Numbers are from 1.
public struct GuestNode: Hashable, Sendable {
    public let number: Int

    public init(_ number: Int) { self.number = number }

    public static let all = (1...3).map(GuestNode.init)

    /// Also the namespace's.
    public var name: String { "node\(number)" }
    /// Of the node's end; the other one, in the wire's namespace, is called as the node.
    public static let uplink = "eth0"
    public var uplinkHardwareAddress: [UInt8] { [2, 0, 0, 0, UInt8(number), 0] }

    public func address(_ family: AddressFamily) -> IPAddress {
        switch family {
        case .v4: .v4(0xc0a8_6400 | UInt32(number))
        case .v6: .v6(high: 0xfd00_0100_0000_0000, low: UInt64(number))
        }
    }

    /// Of the node's pods.
    public func prefix(_ family: AddressFamily) -> Prefix {
        let prefix =
            switch family {
            case .v4: Prefix(.v4(0x0af4_0000 | UInt32(number) << 8), length: 24)
            case .v6: Prefix(.v6(high: 0xfd00_0010_0244_0000 | UInt64(number), low: 0), length: 64)
            }
        guard let prefix else { preconditionFailure("the prefix of node \(number) has bits behind its length") }
        return prefix
    }

    /// What the pods send to first.
    public func gateway(_ family: AddressFamily) -> IPAddress { prefix(family).address.advanced(by: 1) }

    public var pods: [GuestPod] { [GuestPod(node: self, letter: "a"), GuestPod(node: self, letter: "b")] }

    public func pod(_ letter: Character) -> GuestPod { GuestPod(node: self, letter: letter) }
}

/// A pod of a node of the guest.
public struct GuestPod: Hashable, Sendable {
    public let node: GuestNode
    public let letter: Character

    /// Also the namespace's.
    public var name: String { "pod\(node.number)\(letter)" }
    public static let interface = "eth0"
    /// The other end, at the node.
    public var hostInterface: String { "veth-\(letter)" }
    /// The pod's end has 1 in the fifth place, the node's 2.
    public func hardwareAddress(end: UInt8) -> [UInt8] {
        [2, 0, 0, end, UInt8(node.number), letter.asciiValue ?? 0]
    }

    public func address(_ family: AddressFamily) -> IPAddress {
        node.prefix(family).address.advanced(by: letter == "a" ? 2 : 3)
    }
}

extension AddressFamily {
    public static let both: [AddressFamily] = [.v4, .v6]
}
