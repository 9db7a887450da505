public import Model

/// What became of one packet of a replay, and what decided it. Every packet has exactly one.
public struct Disposition: Hashable, Sendable {
    /// The raw value is the name in JSON and CSV.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// It reaches a socket of a pod or of a node.
        case delivered
        /// It goes on to an address that neither a pod nor a node of the mesh has.
        case leftMesh
        /// Its connect was refused: the packet never leaves the pod.
        case refused
        case dropped
        /// It becomes a reset of its connection.
        case reset
        /// Another capture, or the same one, showed it before: it was processed then.
        case seenAgain
        /// A fragment that a node keeps until the others have come.
        case held
        /// ARP and whatever else is neither IPv4 nor IPv6.
        case notIP
        /// It cannot be parsed, and so has no way.
        case malformed
        /// Its way cannot be told: the reason says what is missing.
        case undetermined
    }

    public var kind: Kind
    public var reason: DispositionReason

    init(_ kind: Kind, _ reason: DispositionReason) {
        self.kind = kind
        self.reason = reason
    }
}

/// What decided about a packet.
public enum DispositionReason: Hashable, Sendable {
    /// A hook of the data plane.
    case hook(Hook, Reason)
    /// Linux's network stack, or tc.
    case network(NetworkDrop)
    case fault(PacketFault)
    /// The replay itself.
    case replay(ReplayReason)

    /// A name for scripts: `xdpIngress.deniedByPolicy`, `XfrmInNoStates`, `tooBig`, `wrongLength`, `notTranslated`.
    public var name: String {
        switch self {
        case .hook(let hook, let reason): "\(hook.rawValue).\(reason.rawValue)"
        case .network(.xfrm(let counter)): counter.rawValue
        case .network(.malformed(let fault)), .fault(let fault): "\(fault)"
        case .network(let drop): String("\(drop)".prefix { $0 != "(" })
        case .replay(let reason): reason.rawValue
        }
    }

    /// A phrase for people.
    public var sentence: String {
        switch self {
        case .hook(_, let reason): reason.sentence
        case .network(let drop): drop.phrase
        case .fault(let fault): fault.rawValue
        case .replay(let reason): reason.sentence
        }
    }
}

/// What the replay itself knows of a packet. The raw value is the name in JSON and CSV.
public enum ReplayReason: String, Hashable, Sendable, CaseIterable {
    case arrived
    case noMeshAddress
    case senderCaptured
    case decryptedBefore
    case notIP
    case cutShort
    case severalBackends
    case firstFragmentMissing
    case notTranslated
    case connectRefused
    case notOfThePod
    case nobodyHasIt
    case waitsForFragments
    case shownElsewhere

    /// A phrase for people.
    public var sentence: String {
        switch self {
        case .arrived: "it arrives, and nothing judges it"
        case .noMeshAddress: "neither a pod nor a node of the mesh has its destination"
        case .senderCaptured: "the capture of its sender showed it already"
        case .decryptedBefore: "it came encrypted before, and the capture shows it again as decrypted"
        case .notIP: "neither IPv4 nor IPv6"
        case .cutShort: "the capture holds too little of it to tell its connection"
        case .severalBackends: "its connection began before the capture, and the service has several backends"
        case .firstFragmentMissing: "a later fragment, whose first the capture does not hold"
        case .notTranslated: "it goes to a service's address, which nothing behind the point of capture translates"
        case .connectRefused: "the connection's connect was refused"
        case .notOfThePod: "neither of its addresses is the pod's at which the capture was taken"
        case .nobodyHasIt: "its destination is in a node's pod addresses, and no pod has it"
        case .waitsForFragments: "a fragment that the node keeps until the others have come"
        case .shownElsewhere: "another capture between the nodes showed it already"
        }
    }
}
