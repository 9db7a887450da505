public import Model

/// How a packet ends that one node's pod sends to another's, or that a node sends itself as an ICMP error.
public enum RotationVerdict: Hashable, Sendable {
    case delivered
    /// It leaves its node in clear.
    case clear(Clear)
    case lost(Loss)

    public enum Clear: Hashable, Sendable {
        /// km_nodeinfo of the sender has not the receiver's pods.
        case unmarked
        /// The sender has no policy for it.
        case noPolicy
    }

    public enum Loss: Hashable, Sendable {
        /// By the sender's policy.
        case blocked
        /// The sender has no state that its policy names.
        case noStateToSend(SPI?)
        /// The receiver has no state of the packet's SPI for it, by the mark that its uplink gives.
        case noState(SPI, PacketMark)
        /// The receiver's state has another key, or is another node's.
        case wrongKey(SPI)
        /// The receiver has no policy for it once it is decrypted.
        case noPolicyToReceive
        /// The receiver's policy asks for another source.
        case otherTemplate(IPAddress)
    }

    public var isDelivered: Bool { self == .delivered }
}

/// How a packet leaves its node.
enum Departure: Hashable {
    case sealed(Seal)
    case refused(RotationVerdict)
}

/// What the receiver of an encrypted packet must match.
struct Seal: Hashable {
    var source: IPAddress
    var destination: IPAddress
    var spi: SPI
    var requestID: UInt32
    var key: AEADKey
    var hasExtendedSequence: Bool
    /// The node whose pods it is for.
    var target: Int
}

extension EncryptionHoldings {
    /// What becomes of a packet for another node's pods. Source: Linux, xfrm_lookup.
    /// - Parameter icmpType: Of an ICMP error of the node itself; nil for a packet of its pods.
    func departure(to node: Int, icmpType: UInt8?) -> Departure {
        let prefix = RotationCluster.podPrefix(node)
        if icmpType == nil, !nodeInfo.contains(prefix) { return .refused(.clear(.unmarked)) }
        let selector = XFRMSelector(source: .everything(of: .v4), destination: prefix, icmpType: icmpType)
        let mark = icmpType == nil ? MarkSelector.exactly(.encrypt) : .any
        guard let policy = policies[.init(.out, selector, mark: mark)] else { return .refused(.clear(.noPolicy)) }
        guard policy.action == .allow, let template = policy.templates.first else { return .refused(.lost(.blocked)) }
        guard let spi = template.spi,
            let state = states[.init(destination: template.destination, spi: spi)]?.state,
            state.source == template.source, state.requestID == template.requestID
        else { return .refused(.lost(.noStateToSend(template.spi))) }
        return .sealed(
            Seal(
                source: state.source, destination: state.destination, spi: spi, requestID: state.requestID,
                key: state.key, hasExtendedSequence: state.hasExtendedSequence, target: node))
    }

    /// What becomes of an encrypted packet. Source: Linux, xfrm_input, __xfrm_policy_check.
    func verdict(on seal: Seal) -> RotationVerdict {
        let mark = peerMarks[seal.source] ?? .none
        let candidates = [MarkSelector.exactly(mark), .any].lazy.compactMap {
            states[.init(destination: seal.destination, spi: seal.spi, mark: $0)]?.state
        }
        guard let state = candidates.first else { return .lost(.noState(seal.spi, mark)) }
        guard state.key == seal.key, state.hasExtendedSequence == seal.hasExtendedSequence else {
            return .lost(.wrongKey(seal.spi))
        }
        let selector = XFRMSelector(
            source: .everything(of: .v4), destination: RotationCluster.podPrefix(seal.target))
        guard let policy = policies[.init(.fwd, selector, mark: .exactly(state.outputMark ?? mark))],
            let template = policy.templates.first
        else { return .lost(.noPolicyToReceive) }
        guard template.source.isUnspecified || template.source == state.source, template.requestID == state.requestID
        else { return .lost(.otherTemplate(template.source)) }
        return .delivered
    }
}
