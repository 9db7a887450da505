public import Model

/// Why Linux's network stack, or a tc program of ours, let a packet end on its way.
public enum NetworkDrop: Error, Hashable {
    /// The IP header cannot be read, or says more bytes than there are.
    case malformed(PacketFault)
    case wrongHeaderChecksum
    /// Its time to live would become 0 here.
    case timeToLive
    /// Larger than the way lets through, in bytes, and not to be fragmented.
    case tooBig(limit: Int)
    /// XFRM refused it and counted so.
    case xfrm(XFRMCounter)
    /// H9: it came from the pods of a peer whose packets must be encrypted.
    case clearFromPeer
    /// Fragments that overlap, make too large a packet, or cannot be put together.
    case unusableFragment
    /// A keep-alive of ESP in UDP: one byte 0xff.
    case keepAlive

    /// What was counted in /proc/net/xfrm_stat.
    public var counter: XFRMCounter? {
        if case .xfrm(let counter) = self { return counter }
        return nil
    }

    /// One phrase for people.
    public var phrase: String {
        switch self {
        case .malformed(let fault): "malformed: \(fault.rawValue)"
        case .wrongHeaderChecksum: "the IPv4 header's checksum is wrong"
        case .timeToLive: "the time to live is used up"
        case .tooBig(let limit): "larger than \(limit) bytes, and not to be fragmented"
        case .xfrm(let counter): counter.phrase
        case .clearFromPeer: "in clear from the pods of a peer whose packets must be encrypted"
        case .unusableFragment: "a fragment that overlaps others or makes too large a packet"
        case .keepAlive: "a keep-alive of ESP in UDP"
        }
    }
}

extension XFRMCounter {
    /// Why a packet counts there, for those that can happen here; the others have their name only.
    public var phrase: String {
        switch self {
        case .inHeaderError: "too short for an ESP header"
        case .inNoStates: "no state has the SPI"
        case .inStateProtocolError: "the ICV is wrong for the key, or the ESP packet is malformed"
        case .inStateModeError: "the inner packet is not of the state's family"
        case .inStateSequenceError: "replayed, or too old for the replay window"
        case .inStateMismatch: "ESP in UDP for a state without it, or the reverse"
        case .inTemplateMismatch: "the policy asks for another state than the one that decrypted it"
        case .inNoPolicies: "decrypted, but no policy is for it"
        case .inPolicyBlock, .outPolicyBlock: "a policy blocks it"
        case .outNoStates: "a policy asks for a state that is not there"
        case .outPolicyError: "the state that the policy names cannot carry the packet"
        case .outStateSequenceError: "the state's sequence numbers are exhausted"
        default: rawValue
        }
    }
}
