import KernelABI
import Model
import TestSupport
import Testing

/// The compiled policies against the plain reference.
@Suite struct AuthorizationCompilerTests {
    /// A mesh whose policies are compiled, change by change.
    struct CompiledMesh {
        var mesh = Mesh()
        var compiler: AuthorizationCompiler
        var maps: AuthorizationMaps

        init(node: String? = nil, capacities: AuthorizationCapacities = .large) {
            compiler = AuthorizationCompiler(node: node, capacities: capacities)
            maps = AuthorizationMaps(capacities: capacities)
        }

        /// Takes changes in, and calls `meanwhile` after every write with the writes so far and those to come.
        mutating func apply(
            _ changes: [MeshChange], meanwhile: (AuthorizationMaps, AuthorizationWrite) throws -> Void = { _, _ in }
        ) throws {
            for change in changes {
                var old: Workload?
                switch change {
                case .setWorkload(let workload): old = mesh.workloads[workload.uid]
                case .removeWorkload(let uid): old = mesh.workloads[uid]
                default: break
                }
                compiler.apply(change, replacing: old)
                mesh.apply(change)
            }
            for write in compiler.takeWrites() {
                try maps.apply(write)
                try meanwhile(maps, write)
            }
        }

        /// What the mesh says, by the plain reference; nil for a destination that nobody judges.
        func expected(_ request: AuthorizationRequest) -> AuthorizationVerdict? {
            guard let workload = owner(of: request.destination.address), isLocal(workload) else { return nil }
            var request = request
            request.identity = owner(of: request.source).map { PeerIdentity(of: $0) }
            return ReferenceAuthorization.verdict(on: request, by: applying(to: workload))
        }

        func expectedDryRun(_ request: AuthorizationRequest) -> AuthorizationVerdict? {
            guard let workload = owner(of: request.destination.address), isLocal(workload) else { return nil }
            var request = request
            request.identity = owner(of: request.source).map { PeerIdentity(of: $0) }
            return ReferenceAuthorization.dryRunVerdict(on: request, by: applying(to: workload))
        }

        private func applying(to workload: Workload) -> [Policy] {
            PolicySelection(mesh.policies).policies(for: workload)
        }

        private func isLocal(_ workload: Workload) -> Bool { compiler.node == nil || workload.node == compiler.node }

        private func owner(of address: IPAddress) -> Workload? {
            mesh.sortedWorkloads.first { $0.networkMode == .standard && $0.addresses.contains(address) }
        }

        /// What the maps say.
        func got(_ request: AuthorizationRequest) -> AuthorizationVerdict? {
            guard let destination = maps.destination(request.destination.address) else { return nil }
            let view = maps.view(ofSlot: destination.slot)
            return verdict(view, request, in: maps)
        }

        func verdict(
            _ view: AuthorizationView, _ request: AuthorizationRequest, in maps: AuthorizationMaps
        ) -> AuthorizationVerdict {
            if view.state == KM_VIEW_OPEN.rawValue { return .allowedByDefault }
            let identity = maps.identity(of: request.source)
            guard view.state == KM_VIEW_JUDGED.rawValue,
                let found = maps.evaluate(
                    view, identity: identity, source: request.source, port: request.destination.port)
            else { return .deniedByDefault }
            let rule = found.alternative.flatMap { maps.rule(of: view, alternative: $0) }.map {
                RuleReference(policy: compiler.names.name(of: $0.policy_id) ?? "?", rule: Int($0.rule))
            }
            switch (found.reason, rule) {
            case (.allowedByPolicy, let rule?): return .allowed(by: rule)
            case (.deniedByPolicy, let rule?): return .denied(by: rule)
            case (.allowedByDefault, nil): return .allowedByDefault
            default: return .deniedByDefault
            }
        }
    }

    private func drawn(_ seed: UInt64) -> (Mesh, SplitMix64) {
        var random = SplitMix64(seed: seed)
        let workloads = PolicyGenerator.workloads(count: 1 + random.below(8), using: &random)
        let policies = PolicyGenerator.policies(count: random.below(7), using: &random, over: workloads)
        return (PolicyGenerator.mesh(of: workloads, under: policies, using: &random), random)
    }

    @Test func agreesWithTheReference() throws {
        try forEachSeed(count: 600) { seed in
            let (mesh, generator) = drawn(seed)
            var random = generator
            var compiled = CompiledMesh(node: random.isOneIn(3) ? "n1" : nil)
            try compiled.apply(Mesh().changes(to: mesh))
            #expect(compiled.compiler.problems.isEmpty, "seed \(seed)")
            for request in PolicyGenerator.requests(count: 60, using: &random, in: mesh) {
                #expect(compiled.got(request) == compiled.expected(request), "seed \(seed): \(request)")
            }
        }
    }

    @Test func dryRunsAgreeWithTheReference() throws {
        try forEachSeed(count: 300) { seed in
            let (mesh, generator) = drawn(seed)
            var random = generator
            var compiled = CompiledMesh()
            try compiled.apply(Mesh().changes(to: mesh))
            for request in PolicyGenerator.requests(count: 40, using: &random, in: mesh) {
                guard let place = compiled.maps.destination(request.destination.address),
                    let expected = compiled.expectedDryRun(request), let enforced = compiled.expected(request)
                else { continue }
                let view = compiled.maps.view(ofSlot: place.slot)
                guard view.state == KM_VIEW_JUDGED.rawValue else { continue }
                let found = try #require(
                    compiled.maps.evaluate(
                        view, identity: compiled.maps.identity(of: request.source), source: request.source,
                        port: request.destination.port))
                let reason: Reason? =
                    expected.isAllowed == enforced.isAllowed ? nil : expected.isAllowed ? .dryRunAllows : .dryRunDenies
                #expect(found.dryRun?.reason == reason, "seed \(seed): \(request)")
                let rule = found.dryRun?.alternative.flatMap { compiled.maps.rule(of: view, alternative: $0) }
                guard reason != nil else { continue }
                #expect(
                    rule.flatMap { compiled.compiler.names.name(of: $0.policy_id) } == expected.rule?.policy,
                    "seed \(seed): \(request)")
            }
        }
    }

    /// Changes one after the other end where compiling at once does, and at every write in between a lookup, also one
    /// that read its view before, gives the verdict of before or after.
    @Test func everyLookupMeetsTheOldPoliciesOrTheNew() throws {
        try forEachSeed(count: 250) { seed in
            var (mesh, random) = drawn(seed)
            var compiled = CompiledMesh()
            try compiled.apply(Mesh().changes(to: mesh))
            for step in 0..<6 {
                let (next, _) = drawn(seed &* 31 &+ UInt64(step))
                // One at a time: of several, what is between them may be met too.
                let possible = mesh.changes(to: next)
                guard !possible.isEmpty else { continue }
                let changes = [random.one(of: possible)]
                // What a pod sends to itself does not come through its interface.
                let requests = PolicyGenerator.requests(count: 12, using: &random, in: mesh)
                    .filter { $0.source != $0.destination.address }
                let before = requests.map { compiled.expected($0) }
                var after = compiled
                try after.apply(changes)
                let allowed = zip(before, requests.map { after.expected($0) })
                let snapshot = compiled
                // Views that lookups under way hold.
                var held: [[AuthorizationView]] = requests.map { _ in [] }
                func note(_ maps: AuthorizationMaps) {
                    for (index, request) in requests.enumerated() {
                        guard let place = maps.destination(request.destination.address) else { continue }
                        held[index].append(maps.view(ofSlot: place.slot))
                    }
                }
                note(compiled.maps)
                try compiled.apply(changes) { maps, write in
                    if case .barrier = write { held = requests.map { _ in [] } }
                    note(maps)
                    var now = snapshot
                    now.maps = maps
                    for (index, (request, allowed)) in zip(requests, allowed).enumerated() {
                        for view in held[index] {
                            let verdict = now.verdict(view, request, in: maps)
                            let isOne = [allowed.0, allowed.1].contains { ($0?.isAllowed ?? true) == verdict.isAllowed }
                            #expect(isOne, "seed \(seed) step \(step): \(request) at \(write)")
                        }
                    }
                }
                for (request, allowed) in zip(requests, allowed) {
                    #expect(compiled.got(request) == allowed.1, "seed \(seed) step \(step): \(request)")
                }
                for change in changes { mesh.apply(change) }
            }
        }
    }

    /// Places run out and come back; what does not fit is closed, never open.
    @Test func whatDoesNotFitIsClosed() throws {
        try forEachSeed(count: 150) { seed in
            var (mesh, random) = drawn(seed)
            let tight = AuthorizationCapacities(
                identities: 100, destinations: 100, rows: 4 + random.below(60), ranges: 4 + random.below(60),
                ranges6: 4 + random.below(30), rules: 64 * (1 + random.below(8)))
            var compiled = CompiledMesh(capacities: tight)
            for step in 0..<5 {
                let next = step == 0 ? mesh : drawn(seed &* 17 &+ UInt64(step)).0
                let changes = step == 0 ? Mesh().changes(to: mesh) : random.some(of: mesh.changes(to: next))
                try compiled.apply(changes)
                for change in changes { mesh.apply(change) }
                for request in PolicyGenerator.requests(count: 20, using: &random, in: mesh) {
                    let (expected, got) = (compiled.expected(request), compiled.got(request))
                    if got == expected { continue }
                    #expect(got == .deniedByDefault, "seed \(seed) step \(step): \(request)")
                    #expect(!compiled.compiler.problems.isEmpty, "seed \(seed) step \(step)")
                }
            }
        }
    }

    @Test func mixedClausesBeyondTheLimitCloseTheirWorkloads() throws {
        let matches = (0..<300).map { index in
            PolicyMatch(
                sourceBlocks: .init([Prefix(host: .v4(UInt32(index)))]), destinationPorts: .init([UInt16(index + 1)]))
        }
        let rule = Policy.Rule([Policy.Clause(matches), Policy.Clause(matches)])
        let workload = Workload(
            WorkloadUID(cluster: "c", podNamespace: "ns", pod: "p"), name: "p", namespace: "ns",
            addresses: [.v4(0x0A00_0001)])
        var compiled = CompiledMesh()
        try compiled.apply([
            .setWorkload(workload),
            .setPolicy(Policy(name: "wide", namespace: "ns", scope: .namespace, action: .deny, rules: [rule])),
        ])
        let request = AuthorizationRequest(
            source: .v4(1), identity: nil, destination: SocketAddress(.v4(0x0A00_0001), port: 80))
        #expect(compiled.got(request) == .deniedByDefault)
        #expect(
            compiled.compiler.problems.map(\.description) == [
                "policy ns/wide comes to more than 16384 alternatives; everything is denied where it applies"
            ])
        try compiled.apply([.removePolicy("ns/wide")])
        #expect(compiled.got(request) == .allowedByDefault && compiled.compiler.problems.isEmpty)
    }
}
