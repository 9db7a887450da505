/// What a pcapng file says of a packet besides its bytes.
public struct PacketAnnotations: Hashable, Sendable {
    /// Empty for none; cut to 65,535 bytes.
    public var comment: String
    /// The same for one packet wherever it was seen.
    public var packetID: UInt64?
    public var verdict: HookVerdict?
    public var direction: PacketDirection

    public init(
        comment: String = "", packetID: UInt64? = nil, verdict: HookVerdict? = nil,
        direction: PacketDirection = .unknown
    ) {
        self.comment = comment
        self.packetID = packetID
        self.verdict = verdict
        self.direction = direction
    }

    public static let none = PacketAnnotations()
}

/// What a BPF program has returned for a packet. Source: pcapng draft, option epb_verdict.
public enum HookVerdict: Hashable, Sendable {
    case trafficControl(TrafficControlAction)
    case xdp(XDPAction)

    /// Of the kind of verdict.
    var kind: UInt8 {
        switch self {
        case .trafficControl: 1
        case .xdp: 2
        }
    }

    var code: UInt64 {
        switch self {
        case .trafficControl(let action): action.rawValue
        case .xdp(let action): action.rawValue
        }
    }
}

/// Return codes of tc programs. Source: linux/pkt_cls.h, TC_ACT_.
public enum TrafficControlAction: UInt64, Hashable, Sendable, CaseIterable {
    case ok = 0
    case reclassify, shot, pipe, stolen, queued, `repeat`, redirect, trap
}

/// Return codes of XDP programs. Source: linux/bpf.h, enum xdp_action.
public enum XDPAction: UInt64, Hashable, Sendable, CaseIterable {
    case aborted = 0
    case drop, pass, transmit, redirect
}
