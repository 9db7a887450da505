extension SoundnessCheck {
    /// How nodes rank endpoints.
    mutating func checkLocality() {
        let ranked = index.services.indices.filter { number in
            let mode = index.services[number].loadBalancing.mode
            return (mode == .strict || mode == .failover) && anyPreset { index.isBalanced(number, $0) }
        }
        guard !ranked.isEmpty else { return }
        checkNodes(ranked)
        var directory = NodeDirectory(index: index)
        var isOrderDependent: [Int] = []
        for number in ranked {
            let balancing = index.services[number].loadBalancing
            if balancing.routingPreference.isEmpty {
                report(
                    .noPreference, .warning, index.subject(service: number),
                    "asks for \(balancing.mode.rawValue) and names no scope"
                ) { _ in .contained("Every endpoint has priority 0: it is balanced like random.") }
                continue
            }
            if balancing.mode == .strict, checkStrict(number, &directory) { continue }
            if isRanked(number, &directory) { isOrderDependent.append(number) }
        }
        guard let first = isOrderDependent.first else { return }
        let names = isOrderDependent.map { index.services[$0].name.description }
        report(
            .arrivalOrder, .note, index.subject(service: first),
            "\(counted(names.count, "service")) with endpoints ranked by locality: \(listed(names))"
        ) { options in
            options.ranking == .whenAdded
                ? .contained(
                    "Endpoints that a node sees before the first workload of its own get priority 0 and keep it.")
                : .contained("A node ranks again when it learns where it is.")
        }
    }

    private func scopes(_ service: Int) -> String {
        index.services[service].loadBalancing.routingPreference.map(\.rawValue).joined(separator: ", ")
    }

    /// Reports nodes of which the locality is not known.
    private mutating func checkNodes(_ ranked: [Int]) {
        let geographic: Set<LoadBalancing.Scope> = [.region, .zone, .subzone]
        let preferring = ranked.filter { !index.services[$0].loadBalancing.routingPreference.isEmpty }
        let geographical = preferring.filter {
            !geographic.isDisjoint(with: index.services[$0].loadBalancing.routingPreference)
        }
        guard let first = preferring.first else { return }
        for node in index.nodeNames {
            let identities = Preset.allCases.map { index.identity(ofNode: node, options(of: $0)) }
            let isUnknown = identities.contains { $0 == nil }
            let isEmpty = identities.contains { $0?.locality.isEmpty ?? false } && !geographical.isEmpty
            guard isUnknown || isEmpty else { continue }
            let concerned = isUnknown ? preferring : geographical
            let name = index.services[concerned.first ?? first].name
            let hasWorkload = index.firstWorkload[node] != nil
            let cause = hasWorkload ? "its first workload has no locality" : "no workload is on it"
            report(
                .unknownLocality, hasWorkload ? .warning : .note, "node \(node)",
                "\(cause), and \(counted(concerned.count, "service")) ranked by it: \(name)"
                    + (concerned.count > 1 ? " and \(concerned.count - 1) more" : "")
            ) { [index] options in
                guard let identity = index.identity(ofNode: node, options) else {
                    return options.ranking == .whenAdded
                        ? .contained("Every endpoint has priority 0 on it, and keeps it when a workload comes.")
                        : .contained("Every endpoint has priority 0 on it until a workload comes.")
                }
                return identity.locality.isEmpty
                    ? .contained("On it only endpoints that have no locality either are near.")
                    : .contained("The node itself says where it is: endpoints are ranked.")
            }
        }
    }

    /// Reports a strict service without local endpoints somewhere.
    /// - Returns: whether it did.
    private mutating func checkStrict(_ number: Int, _ directory: inout NodeDirectory) -> Bool {
        let preference = index.services[number].loadBalancing.routingPreference
        var missing: [(count: Int, first: [String])] = []
        for preset in Preset.allCases {
            let options = options(of: preset)
            let endpoints = index.endpoints(of: number, options)
            // No endpoint at all is another rule's matter.
            guard index.isBalanced(number, options), !endpoints.isEmpty else {
                missing.append((0, []))
                continue
            }
            let keys = Set(endpoints.map { directory.key(LocalIdentity(of: index.workloads[$0]), preference) })
            missing.append(directory.missing(keys, preference, preset, options))
        }
        guard let worst = missing.max(by: { $0.count < $1.count }), worst.count > 0 else { return false }
        let names = worst.first + Array(repeating: "", count: worst.count - worst.first.count)
        report(
            .noLocalEndpoint, .warning, index.subject(service: number),
            "no endpoint matches \(scopes(number)) on \(worst.count) of \(counted(index.nodeNames.count, "node")): "
                + listed(names)
        ) { [self] options in
            let here = missing[options == self.options(of: .upstream) ? 0 : 1]
            return here.count > 0
                ? unanswered(options) : .contained("Every node that knows its place has an endpoint there.")
        }
        return true
    }

    /// Whether nodes and endpoints of a service differ in what it prefers by.
    private func isRanked(_ number: Int, _ directory: inout NodeDirectory) -> Bool {
        let preference = index.services[number].loadBalancing.routingPreference
        var keys = directory.keys(preference, .upstream, options(of: .upstream))
        guard !keys.isEmpty else { return false }
        let endpoints = index.endpoints(of: number, options(of: .upstream))
        for endpoint in endpoints where keys.count < 2 {
            keys.insert(directory.key(LocalIdentity(of: index.workloads[endpoint]), preference))
        }
        return !endpoints.isEmpty && keys.count > 1
    }
}

/// Nodes by what a routing preference compares, worked out once for each preference.
private struct NodeDirectory {
    /// The values compared, in the preference's order.
    typealias Key = [String]

    private struct Request: Hashable {
        var preference: [LoadBalancing.Scope]
        var preset: Preset
    }

    private struct Answer {
        var nodes: [(name: String, key: Key)] = []
        var counts: [Key: Int] = [:]
    }

    private let index: MeshIndex
    private var answers: [Request: Answer] = [:]

    init(index: MeshIndex) { self.index = index }

    func key(_ identity: LocalIdentity, _ preference: [LoadBalancing.Scope]) -> Key { preference.map { identity[$0] } }

    /// The nodes without any of the keys: how many, and the first three by name. Nodes that do not know where they are
    /// count every endpoint as near.
    mutating func missing(
        _ keys: Set<Key>, _ preference: [LoadBalancing.Scope], _ preset: Preset, _ options: DataplaneOptions
    ) -> (count: Int, first: [String]) {
        let answer = answer(preference, preset, options)
        let covered = keys.reduce(0) { $0 + (answer.counts[$1] ?? 0) }
        let count = answer.nodes.count - covered
        return (count, count == 0 ? [] : answer.nodes.lazy.filter { !keys.contains($0.key) }.prefix(3).map(\.name))
    }

    /// At most two of the keys that nodes have.
    mutating func keys(
        _ preference: [LoadBalancing.Scope], _ preset: Preset, _ options: DataplaneOptions
    ) -> Set<Key> {
        Set(answer(preference, preset, options).counts.keys.prefix(2))
    }

    private mutating func answer(
        _ preference: [LoadBalancing.Scope], _ preset: Preset, _ options: DataplaneOptions
    ) -> Answer {
        let request = Request(preference: preference, preset: preset)
        if let known = answers[request] { return known }
        var answer = Answer()
        for name in index.nodeNames {
            guard let identity = index.identity(ofNode: name, options) else { continue }
            let key = key(identity, preference)
            answer.nodes.append((name, key))
            answer.counts[key, default: 0] += 1
        }
        answers[request] = answer
        return answer
    }
}
