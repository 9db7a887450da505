public import Model

/// One step of a decision with names instead of numbers, ready to be printed.
public struct TraceStep: Hashable, Sendable {
    /// A map's name, `pass`, `draw`, `rule` or `option`.
    public var what: String
    /// What was looked up; empty where nothing was.
    public var key: String
    /// What was found or decided.
    public var value: String
}

/// A hook's run with names.
public struct HookTrace: Hashable, Sendable {
    public var hook: Hook
    public var node: String
    public var isServerSide: Bool
    public var reason: Reason
    public var steps: [TraceStep]
}

/// What is told under one heading: what happens to a packet at a node, or what an agent does.
public struct TraceSection: Hashable, Sendable {
    public var title: String
    public var steps: [TraceStep]
}

/// Puts names to the steps of hooks.
struct TraceNamer {
    let book: NameBook
    let node: NodeDataplane?
    let options: DataplaneOptions

    func trace(_ event: HookEvent) -> HookTrace {
        HookTrace(
            hook: event.hook, node: event.node, isServerSide: event.isServerSide, reason: event.reason,
            steps: event.steps.map(step))
    }

    func name(_ id: ResourceID) -> String { node?.name(of: id) ?? "id \(id)" }

    func address(_ address: IPAddress) -> String {
        book.name(of: address).map { "\(address) (\($0))" } ?? "\(address)"
    }

    private func step(_ step: LookupStep) -> TraceStep {
        switch step {
        case .pass(let number, let destination):
            return TraceStep(what: "pass", key: "\(number)", value: "destination \(book.text(of: destination))")
        case .manage(let cookie, let found):
            return TraceStep(what: "km_manage", key: "namespace \(cookie)", value: found ? "managed" : "not there")
        case .manageAddress(let managed, let found):
            return TraceStep(what: "km_manage", key: address(managed), value: found ? "managed" : "not there")
        case .frontend(let key, let value):
            return TraceStep(
                what: "km_frontend", key: "\(key)", value: value.map { name($0.upstream_id) } ?? "not there")
        case .service(let id, let value):
            return TraceStep(what: "km_service", key: name(id), value: value.map(service) ?? "not there")
        case .backend(let uid, let value):
            return TraceStep(
                what: "km_backend", key: uid == 0 ? "DNS proxy" : name(uid), value: value.map(backend) ?? "not there")
        case .endpoint(let key, let value):
            return TraceStep(
                what: "km_endpoint", key: "\(name(key.service_id)) priority \(key.prio) index \(key.backend_index)",
                value: value.map { name($0.backend_uid) } ?? "not there")
        case .backendAlternative(let uid, let value):
            return TraceStep(
                what: "km_backend_alt", key: name(uid), value: value.map { "\($0.addr.address)" } ?? "not there")
        case .servicePort(let key, let value):
            return TraceStep(
                what: "km_service_port", key: "\(name(key.service_id)) port \(hostPort(key.service_port))",
                value: value.map { "target port \(hostPort($0.target_port))" } ?? "not there")
        case .draw(let number, let count):
            return TraceStep(what: "draw", key: "\(number)", value: "index \(number % count + 1) of \(count)")
        case .ingress(let step):
            return ingress(step)
        case .rule(let reason):
            return TraceStep(what: "rule", key: reason.rawValue, value: reason.sentence)
        case .option(let option):
            let rule = option.rule.isEmpty ? "" : " (\(option.rule))"
            return TraceStep(what: "option", key: option.rawValue + rule, value: options.value(of: option))
        }
    }

    /// What a value of km_service says.
    func service(_ value: ServiceValue) -> String {
        let policy =
            BalancingPolicy(rawValue: value.lb_policy).map { "\($0)" } ?? "policy \(value.lb_policy)"
        let counts = value.endpointCounts
        let endpoints = (0..<7).map { "\(counts[$0])" }.joined(separator: ",")
        var ports: [String] = []
        let (listed, targets) = (value.servicePorts, value.targetPorts)
        for index in 0..<10 where listed[index] != 0 {
            ports.append("\(hostPort(listed[index]))→\(hostPort(targets[index]))")
        }
        var text = "\(policy), endpoints by priority \(endpoints), ports \(ports.joined(separator: " "))"
        if value.waypoint_port != 0 || !value.wp_addr.isZero {
            text += ", waypoint \(waypoint(value.wp_addr, value.waypoint_port))"
        }
        return text
    }

    /// What a value of km_backend says.
    func backend(_ value: BackendValue) -> String {
        var text = "\(value.addr.address)"
        if value.waypoint_port != 0 || !value.wp_addr.isZero {
            text += ", waypoint \(waypoint(value.wp_addr, value.waypoint_port))"
        }
        return text
    }

    private func waypoint(_ address: MapAddress, _ port: UInt32) -> String {
        book.text(of: SocketAddress(address.address, port: hostPort(port)))
    }
}
