import Model

extension GapReport {
    /// The finding, with an example that the engines themselves are asked about.
    func finding(_ key: Key, _ scene: AuthorizationScene, _ engines: inout RealEngines) -> Finding {
        Finding(
            rule: key.rule, severity: severity(key),
            subject: subject(key, scene),
            message: message(key), consequence: [.upstream: consequence(key), .hardened: hardened(key)],
            failsOpen: key.failsOpen ? [.upstream] : [], example: example(key, scene, &engines))
    }

    /// What the parser does not step over is so in every mesh with policies, and takes somebody who makes such packets.
    private func severity(_ key: Key) -> Severity {
        if key.rule == .authzParser { return .note }
        return key.failsOpen ? .error : .warning
    }

    private func subject(_ key: Key, _ scene: AuthorizationScene) -> String {
        if let policy = key.policy { return "policy \(policy)" }
        guard destinations.count == 1, let only = destinations.first else {
            return "\(destinations.count) workloads"
        }
        return "workload \(only)"
    }

    /// What the engine does otherwise, and how often it matters.
    private func message(_ key: Key) -> String {
        let count = classCount == 1 ? "1 class of connections" : "\(classCount) classes of connections"
        let place = destinations.count == 1 ? "1 workload" : "\(destinations.count) workloads"
        switch first {
        case .verdict:
            let texts = UpstreamAccidents.all.filter { key.causes.contains($0.accident) }.map(\.text)
            let verdict = key.isAllowed ? "denies \(count) that" : "allows \(count) that"
            let wanted = key.isAllowed ? "to be allowed" : "to be denied"
            return "\(key.engine.rawValue) \(verdict) \(classCount == 1 ? "is" : "are") \(wanted) at \(place): "
                + texts.joined(separator: "; and ")
        case .reply:
            return "XDP judges replies like requests: those to connections that \(place) "
                + "\(destinations.count == 1 ? "opens" : "open") are dropped from \(peers)"
        case .misread:
            return "XDP does not step over IPv4 options, IPv6 extension headers and VLAN tags, and what it does not "
                + "take for TCP passes: \(place) \(destinations.count == 1 ? "is" : "are") reached past DENY and ALLOW"
        }
    }

    private var peers: String { classCount == 1 ? "1 class of peers" : "\(classCount) classes of peers" }

    private func consequence(_ key: Key) -> String {
        switch first {
        case .reply: return "The pod's own connections time out."
        case .misread:
            return "A SYN with such headers is let in; user space's denial, if it is one, drops what follows."
        case .verdict: break
        }
        let late = "user space denies after the handshake, and not where IPv4 reaches a server's IPv6 socket"
        switch (key.engine, key.isAllowed, key.failsOpen) {
        case (.xdp, true, _): return "The SYN is dropped."
        case (.xdp, false, _):
            if bothCount == classCount { return "The connections are let in, by user space too." }
            return bothCount == 0
                ? "The connections are let in: \(late)."
                : "The connections are let in: of \(bothCount) classes by user space too, else \(late)."
        case (.userSpace, true, _):
            return bothCount == classCount
                ? "XDP drops the SYN; with offload off the connections are reset once they are established."
                : "The connections are established, then their packets are dropped; with offload off they are reset."
        case (.userSpace, false, true): return "The connections are let in, by XDP too."
        case (.userSpace, false, false): return "XDP drops the SYN; with offload off the connections are let in."
        }
    }

    private func hardened(_ key: Key) -> String {
        switch first {
        case .reply: "Replies to connections that the pod opened pass."
        case .misread: "The headers are stepped over: the connection is judged like any other."
        case .verdict:
            key.isAllowed
                ? "The connections are let in, as the policies say." : "The SYN is dropped, as the policies say."
        }
    }

    // MARK: Example

    private func example(
        _ key: Key, _ scene: AuthorizationScene, _ engines: inout RealEngines
    ) -> Finding.Example {
        let connection = first.connection
        let (source, destination) = (connection.source, connection.destination)
        let family = source.address.family == .v4 ? "IPv4" : "IPv6"
        let target = SocketAddress(destination.address, port: connection.port)
        let client = Self.clientPort
        var flow = PacketFlow(source: SocketAddress(source.address, port: client), destination: target)
        var builder = PacketBuilder(flow)
        var kind = "SYN"
        var lines: [String] = []
        let from = Self.name(source, scene)
        let to = "\(destination.owner.namespace)/\(destination.owner.name)"
        switch first {
        case .verdict, .misread:
            if case .misread = first {
                builder = MisreadPacket.builder(flow)
                kind = "SYN with \(MisreadPacket.header(of: source.address.family))"
            }
            let request = AuthorizationRequest(
                source: source.address, identity: source.identity, destination: target)
            let verdict = ReferenceAuthorization.verdict(on: request, by: destination.applied)
            lines.append("\(from) to \(to) (\(destination.address)) port \(target.port): \(Self.text(verdict))")
        case .reply:
            flow.source.port = 443
            builder = PacketBuilder(flow, flags: [.syn, .ack])
            kind = "SYN and ACK"
            lines.append("\(from) answers a connection of \(to) (\(destination.address)) port \(target.port)")
        }
        let frame = builder.frame
        let outcome = engines.receive(frame, on: destination.owner.node)
        let policy = (outcome.hit?.policy ?? outcome.policy).map { " (\($0))" } ?? ""
        lines.append("XDP \(outcome.passes ? "lets pass" : "drops"): \(outcome.reason)\(policy)")
        if case .reply = first {
            // User space is asked about connections to the pod only.
        } else {
            let decision = engines.decision(flow)
            let policy = decision.hit.map { " (\($0.policy))" } ?? ""
            lines.append("user space \(decision.isAllowed ? "allows" : "denies"): \(decision.reason)\(policy)")
        }
        return Finding.Example(
            lines: lines, packet: "\(family) TCP \(kind), \(flow.source) to \(flow.destination)", frame: frame)
    }

    /// The source port of examples.
    private static let clientPort: UInt16 = 40_000

    private static func name(_ source: JudgedSource, _ scene: AuthorizationScene) -> String {
        guard let workload = source.owner.flatMap({ scene.mesh.workloads[$0] }) else {
            return "\(source.address), which is no workload's,"
        }
        return "\(workload.namespace)/\(workload.name) (\(source.address))"
    }

    private static func text(_ verdict: AuthorizationVerdict) -> String {
        switch verdict {
        case .allowed(let rule): "to be allowed by rule \(rule.rule + 1) of \(rule.policy)"
        case .denied(let rule): "to be denied by rule \(rule.rule + 1) of \(rule.policy)"
        case .allowedByDefault: "to be allowed, no DENY policy matches and no ALLOW policy applies"
        case .deniedByDefault: "to be denied, ALLOW policies apply and none matches"
        }
    }
}
