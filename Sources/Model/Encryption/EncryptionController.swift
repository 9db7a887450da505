/// What a node's agent does for encryption: it is told of keys and of other nodes, and says what is to be done, step by
/// step. Between any two steps of any node no packet between pods is lost or in clear, as long as versions of keys rise.
///
/// An agent that starts takes all nodes that are known before it asks for steps, thoroughly, the first time: what belongs
/// to nobody is removed.
public struct EncryptionController: Hashable, Sendable {
    public let node: String
    public let options: DataplaneOptions
    /// What the node says of itself.
    public private(set) var local: NodeEncryption
    public private(set) var keys: EncryptionKeys
    /// The other nodes, by name.
    public private(set) var peers: [String: NodeEncryption] = [:]

    /// Where `staleKeys` are kept (H19): what happened since steps were last asked for, in order.
    var events: [Event] = [.start]
    /// Whose peers' rules must be computed.
    var changed: Set<String> = []
    /// What may be held for nobody any more.
    var goneAddresses: Set<IPAddress> = []
    var gonePrefixes: Set<Prefix> = []
    var survey: EncryptionSurvey
    var isSurveyStale = false
    /// H18: by peers' addresses.
    var numbers: [IPAddress: UInt16] = [:]
    /// What states that are to go had received when they were last looked at.
    var lastCounts: [XFRMState.ID: UInt64] = [:]

    enum Event: Hashable, Sendable {
        case start
        case key
        case peer(String)
        case gone(NodeEncryption)
    }

    /// - Parameters:
    ///   - local: Its SPI does not count: the key's does.
    ///   - options: Those of H10, H17 to H20 and `tunnelFamily` count.
    public init(
        node: String, local: NodeEncryption, key: EncryptionKey, options: DataplaneOptions
    ) {
        var local = local
        local.spi = key.spi
        self.init(node: node, local: local, keys: EncryptionKeys(key), options: options)
    }

    /// The agent of a node that has read these keys, and publishes an SPI that need not be the last one's.
    public init(
        node: String, local: NodeEncryption, keys: EncryptionKeys, options: DataplaneOptions
    ) {
        self.node = node
        self.options = options
        self.local = local.normalized
        self.keys = keys
        survey = EncryptionSurvey(node: node, local: self.local, peers: [:], keys: keys)
    }

    /// With the options of a preset.
    public init(node: String, local: NodeEncryption, key: EncryptionKey, preset: Preset) {
        self.init(node: node, local: local, key: key, options: DataplaneOptions(preset))
    }

    /// The key file was read anew.
    public mutating func take(_ key: EncryptionKey) {
        guard keys.current != key else { return }
        keys.take(key)
        local.spi = key.spi
        changed = Set(peers.keys)
        note(.key)
        isSurveyStale = true
    }

    /// Another node has published, or published anew. Of the own node nothing is taken.
    public mutating func take(_ peer: NodeEncryption, of name: String) {
        let peer = peer.normalized
        guard name != node, peers[name] != peer else { return }
        noteGone(name, except: peer)
        peers[name] = peer
        changed.insert(name)
        note(.peer(name))
        isSurveyStale = true
    }

    /// Another node is no more.
    public mutating func forget(node name: String) {
        guard let peer = peers[name] else { return }
        noteGone(name, except: nil)
        peers[name] = nil
        changed.remove(name)
        note(.gone(peer))
        isSurveyStale = true
    }

    private mutating func note(_ event: Event) {
        if options.staleKeys == .keep { events.append(event) }
    }

    private mutating func noteGone(_ name: String, except info: NodeEncryption?) {
        guard let earlier = peers[name] else { return }
        goneAddresses.formUnion(earlier.addresses.filter { info?.addresses.contains($0) != true })
        gonePrefixes.formUnion(earlier.podPrefixes.filter { info?.podPrefixes.contains($0) != true })
    }

    /// What keeps traffic with nodes from being encrypted as it is meant, by node. Nothing new is set up to send to such a
    /// node: what sends to it encrypted stays, and what has nothing to send to it encrypted is blocked where `unknownSPI`
    /// says so (H20).
    public var problems: [EncryptionProblem] {
        let survey =
            isSurveyStale ? EncryptionSurvey(node: node, local: local, peers: peers, keys: keys) : self.survey
        return (peers.keys + [node]).sorted().flatMap { name in
            (survey.problems[name] ?? [])
                + (hasNoNumbers(name) ? [EncryptionProblem(node: name, .tooManyPeers)] : [])
        }
    }

    /// The steps from what is held to what is wanted: receiving first, then publishing, then sending, and removal last.
    /// Empty when nothing is to be done. They must all be taken, in order; after one that failed the next call must be
    /// thorough.
    ///
    /// A state that receives under an earlier key goes when that of the current key has received something, and it has
    /// received nothing itself between two thorough calls that may retire it: so these must be further apart than any agent
    /// takes for the steps of one call.
    /// - Parameters:
    ///   - held: Where `staleKeys` are kept (H19), what is there already counts for little.
    ///   - isThorough: Whether all nodes' rules are computed, and not only those of nodes that changed since the last call;
    ///     and whether what belongs to nobody is removed.
    ///   - mayRetire: Whether a thorough call is far enough from the last one that might, to compare what states of earlier
    ///     keys have received.
    ///   - digest: SHA-512.
    public mutating func steps(
        from held: EncryptionHoldings, isThorough: Bool, mayRetire: Bool = true, digest: ([UInt8]) -> [UInt8]
    ) -> [EncryptionStep] {
        if isSurveyStale || isThorough {
            let earlier = survey
            survey = EncryptionSurvey(node: node, local: local, peers: peers, keys: keys)
            isSurveyStale = false
            for name in peers.keys where earlier.problems[name] != survey.problems[name] { changed.insert(name) }
        }
        defer {
            events = []
            changed = []
            goneAddresses = []
            gonePrefixes = []
        }
        if isThorough { changed = Set(peers.keys) }
        for address in goneAddresses where survey.addressOwners[address] == nil { numbers[address] = nil }
        if options.inboundState == .peer { assignNumbers(changed.sorted(), held) }
        switch options.staleKeys {
        case .keep: return upstreamSteps(from: held, digest: digest)
        case .replace: return reconcilingSteps(from: held, isThorough, mayRetire: isThorough && mayRetire, digest)
        }
    }

    /// Rules for one peer.
    /// - Parameter spi: That the node receives under; nil for the current one.
    func rules(
        for peer: NodeEncryption, spi: SPI? = nil, isEstablished: Bool = false, digest: ([UInt8]) -> [UInt8]
    ) throws(KeyDerivationError) -> EncryptionRules {
        var local = local
        local.spi = spi ?? local.spi
        return try EncryptionRules(
            local: local, remote: peer, keys: keys, options: options, isEstablished: isEstablished,
            receivedMark: { numbers[$0].map(PacketMark.received) ?? .none }, digest: digest)
    }

    func hasNoNumbers(_ name: String) -> Bool {
        options.inboundState == .peer && numbers.count >= PacketMark.peerNumbers.count
            && peers[name]?.addresses.contains { numbers[$0] == nil } == true
    }
}
