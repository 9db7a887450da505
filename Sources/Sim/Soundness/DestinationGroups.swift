import Model

/// Destinations at which every engine decides alike, and the classes of ports and sources that they tell apart there.
struct DestinationGroup {
    /// In order; the first stands for all.
    var members: [JudgedDestination]

    /// One port of each class that some engine tells apart: of those that policies name the first of each class, then
    /// one that none names.
    let ports: [UInt16]
    /// One that no policy names among those from which a workload connects.
    let ephemeralPort: UInt16

    private init(_ members: [JudgedDestination]) {
        self.members = members
        let matches = members[0].relevant.flatMap(\.rules).flatMap(\.clauses).flatMap(\.matches)
        let lists = Set(matches.map(\.destinationPorts).filter { !$0.isEmpty })
        let named = Set(lists.flatMap { $0.any + $0.none })
        var signatures: Set<[Bool]> = []
        var ports: [UInt16] = []
        let ordered = Array(lists)
        for port in named.sorted() {
            let signature = ordered.flatMap { list in
                [list.any, list.none, Array(list.any.prefix(4)), Array(list.none.prefix(4))].map { $0.contains(port) }
            }
            if signatures.insert(signature).inserted { ports.append(port) }
        }
        let other = Self.others.first { !named.contains($0) }
        self.ports = ports + (other.map { [$0] } ?? [])
        ephemeralPort = Self.ephemeral.first { !named.contains($0) } ?? Self.ephemeral.lowerBound
    }

    /// Ports that stand for those without a name, in order of how they read.
    private static let others = [8080, 80] + Array(1...UInt16.max)
    /// Linux's range by default.
    private static let ephemeral: ClosedRange<UInt16> = 32_768...60_999

    /// What decides how destinations are judged.
    private struct Key: Hashable {
        let family: AddressFamily
        /// The namespace, and what is listed.
        let owner: [String]
        let reach: Bool
        let reached: [String]
        let known: [String]?
        /// Of the conditions on destination addresses, by engine, which hold.
        let blocks: [Bool]
    }

    /// All destinations of a mesh, in order of the first of each group.
    static func groups(in scene: AuthorizationScene) -> [DestinationGroup] {
        var numbers: [Key: Int] = [:]
        var members: [[JudgedDestination]] = []
        for destination in scene.destinations {
            let key = Key(
                family: destination.address.family, owner: listing(destination.owner),
                reach: destination.reach == .nowhere, reached: destination.reachedList,
                known: destination.known.map(listing), blocks: blockSignature(destination, scene))
            let number = numbers[key] ?? members.count
            if number == members.count { members.append([]) }
            numbers[key] = number
            members[number].append(destination)
        }
        return members.map { DestinationGroup($0) }
    }

    private static func listing(_ workload: Workload) -> [String] { [workload.namespace] + workload.policies }

    private static func blockSignature(_ destination: JudgedDestination, _ scene: AuthorizationScene) -> [Bool] {
        let matches = destination.relevant.flatMap(\.rules).flatMap(\.clauses).flatMap(\.matches)
        let blocks = matches.map(\.destinationBlocks).filter { !$0.isEmpty }
        guard !blocks.isEmpty else { return [] }
        // The source matters to XDP only where an IPv4 block meets an IPv6 address: any one will do.
        let source = JudgedSource(address: destination.address.family == .v4 ? .anyV4 : .anyV6)
        let connection = JudgedConnection(source, destination, port: 0, scene)
        return blocks.flatMap { list in
            [[], .xdp, .userSpace].map { connection.blocksHold(list, .destination, $0) }
        }
    }
}

/// Of each match of a mesh's policies, for which sources what it asks of them holds, by engine.
struct SourceTable {
    let sources: [JudgedSource]
    /// By policy; by source, a number for each match.
    private var signatures: [String: [[UInt8]]] = [:]

    init(_ sources: [JudgedSource]) { self.sources = sources }

    /// The first source of each class that some engine tells apart at a destination; the destination itself is none,
    /// since XDP does not see what does not leave the pod.
    mutating func classes(at destination: JudgedDestination, _ scene: AuthorizationScene) -> [JudgedSource] {
        for policy in destination.relevant where signatures[policy.resourceName] == nil {
            signatures[policy.resourceName] = Self.signatures(of: policy, sources)
        }
        let columns = destination.relevant.compactMap { signatures[$0.resourceName] }
        let family = destination.address.family
        let wordLists =
            family == .v4
            ? []
            : destination.relevant.flatMap(\.rules).flatMap(\.clauses).flatMap(\.matches).map(\.destinationBlocks)
                .filter { list in (list.any + list.none).contains { $0.address.family == .v4 } }
        var seen: Set<[UInt8]> = []
        var classes: [JudgedSource] = []
        for (number, source) in sources.enumerated()
        where source.address.family == family && source.address != destination.address {
            var signature = columns.flatMap { $0[number] }
            // A class is of known sources or of unknown ones, so that examples are told apart.
            signature.append(source.owner == nil ? 0 : 1)
            if !wordLists.isEmpty {
                let connection = JudgedConnection(source, destination, port: 0, scene)
                signature += wordLists.map { connection.blocksHold($0, .destination, .xdp) ? 1 : 0 }
            }
            if seen.insert(signature).inserted { classes.append(source) }
        }
        return classes
    }

    /// By source, a number for each match: one bit for each engine.
    private static func signatures(of policy: Policy, _ sources: [JudgedSource]) -> [[UInt8]] {
        let matches = policy.rules.flatMap(\.clauses).flatMap(\.matches).filter { match in
            match.namedKinds.contains { ![.destinationBlocks, .destinationPorts].contains($0) }
        }
        return sources.map { source in matches.map { source.signature(of: $0) } }
    }
}

extension JudgedSource {
    /// Whether what a match asks of the source holds: a bit for each engine, and one for what XDP compares.
    fileprivate func signature(of match: PolicyMatch) -> UInt8 {
        let key = UpstreamTuple(
            source: SocketAddress(address, port: 0), destination: SocketAddress(address, port: 0))
        let xdp = match.sourceBlocks.upstreamHold { UpstreamXDPPolicy.Block($0).contains(.source, of: key) }
        return (holds(match, []) && match.sourceBlocks.upstreamAll { $0.contains(address) } ? 1 : 0)
            | (holds(match, .userSpace) && match.sourceBlocks.upstreamAll { $0.upstreamContains(address) } ? 2 : 0)
            | (xdp ? 4 : 0)
    }
}

extension PolicyMatch.Values<Prefix> {
    /// Whether the blocks hold when all are looked at.
    fileprivate func upstreamAll(_ test: (Prefix) -> Bool) -> Bool {
        (any.isEmpty || any.contains(where: test)) && !none.contains(where: test)
    }

    /// Whether the blocks hold as XDP looks at them: the first of each list, and what is only excluded never.
    fileprivate func upstreamHold(_ test: (Prefix) -> Bool) -> Bool {
        guard !isEmpty else { return true }
        return !(none.first.map(test) ?? false) && (any.first.map(test) ?? false)
    }
}
