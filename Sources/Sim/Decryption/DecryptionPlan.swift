import Crypto
public import Inputs
public import Model

/// What a decryption knows: the states whose packets it can open, and whose addresses are whose.
public struct DecryptionPlan: Sendable {
    /// States that are the same for a packet on the wire, wherever they were listed.
    struct Association: Hashable, Sendable {
        var source: IPAddress
        var destination: IPAddress
        var spi: SPI
        var key: AEADKey
        var hasExtendedSequence: Bool
        /// The largest of the listed states.
        var replayWindow: UInt32
        /// The highest number that a listing shows.
        var highest: UInt64
        /// Where the receiver takes ESP in UDP; empty for plain ESP, and where nothing says so.
        var receivingPorts: [UInt16]
    }

    /// A state of another algorithm.
    struct Foreign: Hashable, Sendable {
        var destination: IPAddress
        var spi: SPI
        var reason: String
    }

    /// Pods' addresses, and the node behind which they are: prefixes of one owner are not told apart.
    struct Owned: Hashable, Sendable {
        var prefix: Prefix
        var owner: Int
    }

    private(set) var associations: [Association] = []
    private(set) var foreign: [Foreign] = []
    private(set) var owned: [Owned] = []
    public private(set) var notes: [InputNote] = []
    private var ownersByAddress: [IPAddress: Int] = [:]
    private var ownerCount = 0

    /// - Parameters:
    ///   - files: Listings, command lines and key files, each with its name.
    ///   - nodes: With what they publish for encryption; key files need them.
    ///   - podPrefixes: Of pods, each behind a node of its own where nothing else says whose it is.
    /// - Throws: for a key file without nodes, and for boot ids from which no key can be derived.
    public init(
        files: [(name: String, file: EncryptionFile)], nodes: [Node], podPrefixes: [Prefix] = []
    ) throws(InputError) {
        for node in nodes { add(node) }
        for (name, file) in files {
            switch file {
            case .listing(let listing): add(listing, file: name)
            case .commands(let commands): add(commands, file: name)
            case .key(let key): try add(key, of: nodes, file: name)
            }
        }
        for prefix in podPrefixes where !owned.contains(where: { $0.prefix.isSame(as: prefix) }) {
            owned.append(Owned(prefix: prefix, owner: newOwner()))
        }
    }

    /// Whether packets in clear can be told from those that need no encryption.
    public var knowsPodPrefixes: Bool { Set(owned.map(\.owner)).count > 1 }

    /// The node behind which an address is, nil where nothing says so. Of several prefixes the longest counts.
    func owner(of address: IPAddress) -> Int? {
        var best: Owned?
        for candidate in owned where candidate.prefix.contains(address) {
            if candidate.prefix.length > best?.prefix.length ?? -1 { best = candidate }
        }
        return best?.owner
    }

    /// Whether packets between two addresses go from the pods of one node to those of another.
    func needsEncryption(_ addresses: AddressPair) -> Bool {
        guard let source = owner(of: addresses.source), let destination = owner(of: addresses.destination) else {
            return false
        }
        return source != destination
    }

    // MARK: Sources

    private mutating func add(_ listing: XFRMListing, file: String) {
        for entry in listing.states { add(entry.state, highest: max(entry.received, entry.sent), file: file) }
        for policy in listing.policies { add(policy) }
        for entry in listing.foreignStates {
            guard let spi = entry.spi else { continue }
            foreign.append(Foreign(destination: entry.destination, spi: spi, reason: entry.reason))
        }
        notes += listing.notes
    }

    private mutating func add(_ commands: XFRMCommands, file: String) {
        for command in commands.commands {
            switch command.change {
            case .addState(let state), .updateState(let state): add(state, highest: 0, file: file)
            case .addPolicy(let policy), .updatePolicy(let policy): add(policy)
            case .deleteState, .flushStates, .deletePolicy, .flushPolicies: break
            }
        }
    }

    /// The states of all pairs of nodes under a key, as each would have them as the receiver.
    private mutating func add(_ key: EncryptionKey, of nodes: [Node], file: String) throws(InputError) {
        let encrypting = nodes.filter { $0.encryption != nil }
        guard encrypting.count > 1 else {
            throw InputError(
                file, nil,
                "a key file says nothing without the KmeshNodeInfo objects of at least two nodes; give them with --mesh"
            )
        }
        for source in encrypting {
            for destination in encrypting where destination.name != source.name {
                guard let from = source.encryption, let to = destination.encryption else { continue }
                do throws(KeyDerivationError) {
                    try add(key, from: from, to: to, file: file)
                } catch {
                    throw InputError(file, nil, "node \(source.name) or \(destination.name): \(error)")
                }
            }
        }
    }

    private mutating func add(
        _ key: EncryptionKey, from source: NodeEncryption, to destination: NodeEncryption, file: String
    ) throws(KeyDerivationError) {
        for from in source.addresses {
            for to in destination.addresses where to.family == from.family {
                let derived = try key.key.derived(
                    from: TunnelEnd(from, bootID: source.bootID), to: TunnelEnd(to, bootID: destination.bootID),
                    digest: SHA512.digest)
                let isExtended = source.hasExtendedSequence && destination.hasExtendedSequence
                add(
                    XFRMState(
                        source: from, destination: to, spi: key.spi, key: derived, hasExtendedSequence: isExtended),
                    highest: 0, file: file)
            }
        }
    }

    private mutating func add(_ state: XFRMState, highest: UInt64, file: String) {
        let known = associations.firstIndex { other in
            other.destination == state.destination && other.spi == state.spi && other.source == state.source
                && other.key == state.key
        }
        guard let known else {
            let isContradiction = associations.contains { other in
                other.destination == state.destination && other.spi == state.spi && other.source == state.source
            }
            if isContradiction {
                notes.append(
                    InputNote(
                        file, nil,
                        "another key for \(state.source) → \(state.destination), SPI \(state.spi), than was given "
                            + "before: if both are of one time, the receiver drops what the sender sends"))
            }
            associations.append(
                Association(
                    source: state.source, destination: state.destination, spi: state.spi, key: state.key,
                    hasExtendedSequence: state.hasExtendedSequence, replayWindow: state.replayWindow,
                    highest: highest, receivingPorts: state.encapsulation.map { [$0.destinationPort] } ?? []))
            return
        }
        associations[known].replayWindow = max(associations[known].replayWindow, state.replayWindow)
        associations[known].highest = max(associations[known].highest, highest)
        if state.hasExtendedSequence { associations[known].hasExtendedSequence = true }
        if let port = state.encapsulation?.destinationPort, !associations[known].receivingPorts.contains(port) {
            associations[known].receivingPorts.append(port)
        }
    }

    /// A policy's destinations are behind the far end of its tunnel: of received packets that is the node itself.
    private mutating func add(_ policy: XFRMPolicy) {
        guard let template = policy.templates.first, policy.selector.destination.length > 0 else { return }
        add(policy.selector.destination, behind: owner(ofNode: [template.destination]))
    }

    private mutating func add(_ node: Node) {
        let prefixes = node.encryption?.podPrefixes ?? node.podPrefixes
        guard !prefixes.isEmpty else { return }
        let owner = owner(ofNode: node.addresses + (node.encryption?.addresses ?? []))
        for prefix in prefixes { add(prefix, behind: owner) }
    }

    private mutating func add(_ prefix: Prefix, behind owner: Int) {
        guard !owned.contains(where: { $0.prefix.isSame(as: prefix) }) else { return }
        owned.append(Owned(prefix: prefix, owner: owner))
    }

    private mutating func owner(ofNode addresses: [IPAddress]) -> Int {
        let owner = addresses.lazy.compactMap { [ownersByAddress] in ownersByAddress[$0] }.first ?? newOwner()
        for address in addresses { ownersByAddress[address] = owner }
        return owner
    }

    private mutating func newOwner() -> Int {
        ownerCount += 1
        return ownerCount
    }
}

extension Prefix {
    /// Whether both hold the same addresses.
    fileprivate func isSame(as other: Prefix) -> Bool { length == other.length && network == other.network }
}
