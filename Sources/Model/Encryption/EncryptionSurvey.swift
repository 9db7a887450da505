/// Whose the addresses and pod prefixes are that nodes publish, and what is wrong with them.
struct EncryptionSurvey: Hashable, Sendable {
    /// Of peers, also of those with problems. An address that several have is the first one's by name.
    private(set) var addressOwners: [IPAddress: String] = [:]
    private(set) var prefixOwners: [Prefix: String] = [:]
    /// By node, the own one too; what keeps rules from being made for it comes first.
    private(set) var problems: [String: [EncryptionProblem]] = [:]
    /// Prefixes of peers that overlap the node's own: they are not touched, for the node's pods are there.
    private(set) var ownPrefixes: Set<Prefix> = []

    /// - Parameter peers: By name.
    init(node: String, local: NodeEncryption, peers: [String: NodeEncryption], keys: EncryptionKeys) {
        let names = peers.keys.sorted()
        for kind in Self.faults(of: local) { note(node, kind) }
        for address in local.addresses { addressOwners[address] = node }
        for name in names {
            guard let peer = peers[name] else { continue }
            for kind in Self.faults(of: peer) { note(name, kind) }
            if let family = peer.addresses.first?.family, !local.addresses.isEmpty,
                !peer.addresses.contains(where: { other in local.addresses.contains { $0.family == other.family } })
            {
                note(name, .noCommonFamily(family))
            }
            for address in peer.addresses {
                if let other = addressOwners[address], other != name {
                    note(name, .sharedAddress(address, with: other))
                    if other != node { note(other, .sharedAddress(address, with: name)) }
                } else {
                    addressOwners[address] = name
                }
            }
            for prefix in peer.podPrefixes where prefixOwners[prefix] == nil { prefixOwners[prefix] = name }
        }
        for address in local.addresses { addressOwners[address] = nil }
        noteOverlaps(node, local, peers, names)
        for name in names {
            guard let spi = peers[name]?.spi, spi.rawValue != 0, keys[spi] == nil else { continue }
            note(name, .unknownSPI(spi, newest: keys.newest))
        }
    }

    func hasFault(_ node: String) -> Bool { problems[node]?.first?.isFault ?? false }

    /// Whether packets of a node can be told to be its own, whoever else claims its pods: it may find nothing wrong with this
    /// node, and send.
    func canHear(_ node: String) -> Bool { problems[node]?.allSatisfy { !$0.isFault || $0.isOfPods } ?? true }

    /// Whether a prefix that a node claims overlaps another node's.
    func isContested(_ prefix: Prefix, of node: String) -> Bool {
        problems[node]?.contains { problem in
            if case .overlappingPods(prefix, _, _) = problem.kind { true } else { false }
        } ?? false
    }

    private mutating func note(_ node: String, _ kind: EncryptionProblem.Kind) {
        let problem = EncryptionProblem(node: node, kind)
        if problems[node]?.contains(problem) != true { problems[node, default: []].append(problem) }
    }

    /// What is wrong with what one node says, whoever hears it.
    private static func faults(of info: NodeEncryption) -> [EncryptionProblem.Kind] {
        var faults: [EncryptionProblem.Kind] = []
        if info.spi.rawValue == 0 { faults.append(.reservedSPI) }
        if info.bootID.utf8.count < AEADKey.bootIDByteCount { faults.append(.shortBootID(info.bootID)) }
        if info.addresses.isEmpty { faults.append(.noAddress) }
        if info.podPrefixes.isEmpty { faults.append(.noPods) }
        return faults
    }

    /// Goes through all prefixes in the order of their first addresses, those that hold others before them.
    private mutating func noteOverlaps(
        _ node: String, _ local: NodeEncryption, _ peers: [String: NodeEncryption], _ names: [String]
    ) {
        var all = local.podPrefixes.map { (prefix: $0, node: node) }
        for name in names { all += (peers[name]?.podPrefixes ?? []).map { ($0, name) } }
        all.sort { $0.prefix.orderingKey < $1.prefix.orderingKey }
        var holders: [(prefix: Prefix, node: String)] = []
        for next in all {
            while let last = holders.last, !last.prefix.contains(next.prefix.address) { holders.removeLast() }
            for holder in holders where holder.node != next.node {
                for (one, other) in [(holder, next), (next, holder)] where one.node != node {
                    note(one.node, .overlappingPods(one.prefix, with: other.node, other.prefix))
                    if other.node == node { ownPrefixes.insert(one.prefix) }
                }
            }
            holders.append(next)
        }
    }
}

extension Prefix {
    /// By family, first address, and size, the largest first.
    var orderingKey: (UInt8, UInt64, UInt64, Int) {
        let (high, low) = network.halves
        return (address.family.rawValue, high, low, length)
    }
}

extension IPAddress {
    /// IPv4 as a mapped address.
    var halves: (high: UInt64, low: UInt64) {
        switch mapped {
        case .v4(let bits): (0, UInt64(bits))
        case .v6(let high, let low): (high, low)
        }
    }
}

extension NodeEncryption {
    /// With prefixes by their first address, as the kernel's tables have them, and each once.
    var normalized: NodeEncryption {
        var info = self
        info.podPrefixes = []
        for prefix in podPrefixes {
            guard let network = Prefix(prefix.network, length: prefix.length) else { continue }
            if !info.podPrefixes.contains(network) { info.podPrefixes.append(network) }
        }
        info.addresses = []
        for address in addresses where !info.addresses.contains(address) { info.addresses.append(address) }
        return info
    }
}
