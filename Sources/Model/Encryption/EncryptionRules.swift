/// The rules that a node has for one peer, so that packets between their pods are encrypted.
///
/// Upstream's have three accidents when they are applied. A state is found by its destination, SPI and mark, and has no
/// mark: of the second peer's receiving states each is refused as existing. All peers' in and fwd policies have one
/// identity, and name one source: the last peer's win. A peer whose SPI is unknown gets none, and is sent to in clear, as
/// is one that is ahead.
public struct EncryptionRules: Hashable, Sendable {
    /// First, everywhere, and before the node publishes its SPI.
    public private(set) var receiving: [XFRMChange] = []
    /// Only after that.
    public private(set) var sending: [XFRMChange] = []

    /// Of states that check numbers (H10).
    public static let replayWindow: UInt32 = 64

    /// - Parameters:
    ///   - isEstablished: Whether earlier rules send to the peer encrypted. They stay where new ones cannot yet, and keep
    ///     packets from being blocked as `unknownSPI` says (H20).
    ///   - receivedMark: What the node's interface marks ESP packets from an address with, where `inboundState` is a peer's
    ///     (H18).
    ///   - digest: SHA-512.
    public init(
        local: NodeEncryption, remote: NodeEncryption, keys: EncryptionKeys, options: DataplaneOptions,
        isEstablished: Bool = false, receivedMark: (IPAddress) -> PacketMark, digest: ([UInt8]) -> [UInt8]
    ) throws(KeyDerivationError) {
        // In km_nodeinfo the peer is in any case: what has no policy of its own would leave in clear.
        defer {
            if options.unknownSPI == .block, sending.isEmpty, !isEstablished {
                sending = remote.podPrefixes.flatMap { Self.sendingPolicies(to: $0, nil, options.nodeErrors) }
            }
        }
        guard let localKey = keys[local.spi] else { return }
        let remoteKey = keys[remote.spi]
        if options.unknownSPI == .leaveClear, remoteKey == nil { return }
        let isExtended = options.replayWindow == .checked && local.hasExtendedSequence && remote.hasExtendedSequence
        for pair in Self.pairs(local, remote) {
            let key = try localKey.derived(from: pair.remote, to: pair.local, digest: digest)
            var state = XFRMState(
                source: pair.remote.address, destination: pair.local.address, spi: local.spi, key: key,
                outputMark: .decrypted)
            state.set(options, isExtended: isExtended)
            if options.inboundState == .peer { state.mark = .exactly(receivedMark(pair.remote.address)) }
            receiving.append(.addState(state))
            if options.inboundState == .destination {
                receiving += Self.receivingPolicies(
                    local, XFRMPolicy.Template(source: pair.remote.address, destination: pair.local.address))
            }
        }
        if options.inboundState == .peer, !receiving.isEmpty { receiving += Self.receivingPolicies(local) }
        guard let remoteKey, remote.spi <= local.spi else { return }
        for pair in Self.sendingPairs(local, remote, options) {
            let key = try remoteKey.derived(from: pair.local, to: pair.remote, digest: digest)
            var state = XFRMState(
                source: pair.local.address, destination: pair.remote.address, spi: remote.spi, key: key)
            state.set(options, isExtended: isExtended)
            sending.append(.addState(state))
            let template = XFRMPolicy.Template(
                source: pair.local.address, destination: pair.remote.address, spi: remote.spi)
            sending += remote.podPrefixes.flatMap { Self.sendingPolicies(to: $0, template, options.nodeErrors) }
        }
    }

    private typealias Pair = (local: TunnelEnd, remote: TunnelEnd)

    /// Each address of the one with each of the other, of one family.
    private static func pairs(_ local: NodeEncryption, _ remote: NodeEncryption) -> [Pair] {
        local.addresses.flatMap { own in
            remote.addresses.filter { $0.family == own.family }.map { other in
                (TunnelEnd(own, bootID: local.bootID), TunnelEnd(other, bootID: remote.bootID))
            }
        }
    }

    /// The pairs that packets are sent between. One is enough, and the states of several addresses of the sender would
    /// be taken for one another; upstream makes all.
    private static func sendingPairs(
        _ local: NodeEncryption, _ remote: NodeEncryption, _ options: DataplaneOptions
    ) -> [Pair] {
        let all = pairs(local, remote)
        return options.inboundState == .destination ? all : Array(all.prefix(1))
    }

    /// Those of all peers. They take any source, because the state tells whose packet it is; neither is the destination
    /// compared.
    private static func receivingPolicies(_ local: NodeEncryption) -> [XFRMChange] {
        guard let own = local.addresses.first else { return [] }
        let any = own.family == .v4 ? IPAddress.anyV4 : .anyV6
        return receivingPolicies(local, XFRMPolicy.Template(source: any, destination: own))
    }

    /// In and fwd, for each pod prefix of the node.
    private static func receivingPolicies(_ local: NodeEncryption, _ template: XFRMPolicy.Template) -> [XFRMChange] {
        [XFRMPolicy.Direction.in, .fwd].flatMap { direction in
            local.podPrefixes.map { prefix in
                .updatePolicy(
                    XFRMPolicy(direction, .to(prefix), mark: .exactly(.decrypted), templates: [template]))
            }
        }
    }

    /// Keeps in (H20) what the node's pods would send to a peer's in clear, because no program has marked it: a pod's
    /// interface has none yet, or cannot have one. Policies for marked packets are asked first, by their priority.
    static func guards(_ local: NodeEncryption, to prefix: Prefix, _ options: DataplaneOptions) -> [XFRMChange] {
        guard options.unknownSPI == .block else { return [] }
        return local.podPrefixes.filter { $0.address.family == prefix.address.family }.map { own in
            .updatePolicy(
                XFRMPolicy(
                    .out, XFRMSelector(source: own, destination: prefix), priority: guardPriority, action: .block,
                    templates: []))
        }
    }

    /// Behind that of every other policy of ours.
    static let guardPriority: UInt32 = 1000

    /// What becomes of packets to a peer's prefix: of those that tc marks, and (H17) of ICMP errors, which the node makes
    /// itself about packets that it decrypted, and no program marks.
    /// - Parameter template: nil to keep in what would leave in clear.
    static func sendingPolicies(
        to prefix: Prefix, _ template: XFRMPolicy.Template?, _ nodeErrors: DataplaneOptions.NodeErrors
    ) -> [XFRMChange] {
        func policy(_ type: UInt8?, _ mark: MarkSelector) -> XFRMChange {
            .updatePolicy(
                XFRMPolicy(
                    .out, .to(prefix, icmpType: type), mark: mark, action: template == nil ? .block : .allow,
                    templates: template.map { [$0] } ?? []))
        }
        let marked = policy(nil, .exactly(.encrypt))
        guard nodeErrors == .encrypt else { return [marked] }
        return [marked] + XFRMSelector.icmpErrorTypes(prefix.address.family).map { policy($0, .any) }
    }
}

extension PacketMark {
    /// What the preset `hardened` marks ESP packets from a peer's address with, before they are decrypted.
    /// - Parameter number: Of the address among all peers'.
    public static func received(fromPeer number: UInt16) -> PacketMark {
        PacketMark(rawValue: 0x00d1_0000 | UInt32(number))
    }

    /// What addresses of peers may be numbered with.
    public static let peerNumbers: ClosedRange<UInt16> = 1...UInt16.max

    /// The number in a mark made of one; nil for any other mark.
    public var peerNumber: UInt16? {
        rawValue >> 16 == 0x00d1 && rawValue & 0xffff != 0 ? UInt16(truncatingIfNeeded: rawValue) : nil
    }
}

extension XFRMSelector {
    /// Packets from anywhere to a prefix.
    static func to(_ prefix: Prefix, icmpType: UInt8? = nil) -> XFRMSelector {
        XFRMSelector(source: .everything(of: prefix.address.family), destination: prefix, icmpType: icmpType)
    }
}

extension XFRMState {
    fileprivate mutating func set(_ options: DataplaneOptions, isExtended: Bool) {
        replayWindow = options.replayWindow == .checked ? EncryptionRules.replayWindow : 0
        hasExtendedSequence = isExtended
        takesEitherFamily = options.tunnelFamily == .either
    }
}
