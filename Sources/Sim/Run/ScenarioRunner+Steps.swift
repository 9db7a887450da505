import Inputs
import Model
import Scenario

extension ScenarioRunner {
    /// Runs one step and looks at its expectations.
    mutating func run(_ entry: StepEntry, index: Int) throws(InputError) -> StepResult {
        var result = StepResult(
            index: index, kind: entry.step.kind, title: "", note: entry.note, place: entry.place)
        var evidence = Evidence()
        switch entry.step {
        case .connect(let step): try connect(step, &result, &evidence)
        case .send(let step): try send(step, &result, &evidence)
        case .dns(let step): try exchange(step, &result, &evidence)
        case .packet(let step): try packet(step, &result, &evidence)
        case .close(let socket): close(socket, &result, &evidence)
        case .apply(let sources): try apply(sources, &result)
        case .remove(let objects): try remove(objects, &result)
        case .patch(let patch): try self.patch(patch, &result)
        case .health(let change): try health(change, &result)
        case .move(let move): try self.move(move, &result)
        case .restart(let restart): try self.restart(restart, index: index, &result)
        case .manage(let names): try setManaged(names, true, &result)
        case .release(let names): try setManaged(names, false, &result)
        case .authz(let step): try switchOffload(step, &result)
        case .advance(let nanoseconds):
            guard world.advance(nanoseconds: nanoseconds) else {
                throw entry.place.error(
                    "the clock cannot go so far: it holds 2^64 ns, and \(UInt64.max - world.now) ns are left")
            }
            result.title = "advance by \(Self.durationText(nanoseconds))"
            try lookAgain(&result)
        case .snapshot(let name):
            mapSnapshots[name.value] = world.mapSnapshot
            result.title = "snapshot \(name.value) of the maps of \(world.nodeNames.joined(separator: ", "))"
        case .restore(let name):
            world.restore(mapSnapshots[name.value] ?? [:])
            result.title = "restore the maps of snapshot \(name.value)"
        case .mapWrite(let writes): try mapWrite(writes, &result)
        case .flow(let step): try flow(step, &result, &evidence)
        case .inject(let step): try inject(step, &result, &evidence)
        case .rotateKey(let step): try rotateKey(step, &result)
        case .holdUpdates(let path): try holdUpdates(path, &result)
        case .deliverUpdates(let step): try deliverUpdates(step, &result)
        case .loseUpdate(let path): try loseUpdate(path, &result)
        case .restartAgent(let step): try restartAgent(step, &result)
        case .restartNode(let step): try restartNode(step, &result)
        case .removeNode(let step): try removeNode(step, &result)
        case .encryptionStep(let step): try stepAgent(step, &result)
        case .check: result.title = "check"
        }
        if let expectations = entry.expectations {
            let checker = ExpectationChecker(
                world: world, network: network, encryption: encryption, book: book,
                problems: problems.map(\.description) + (encryption?.problems ?? []),
                expectation: expectations[preset], place: expectations.place)
            result.checks = try checker.check(evidence, result)
        }
        return result
    }

    // MARK: Sockets

    private mutating func connect(
        _ step: Connect, _ result: inout StepResult, _ evidence: inout Evidence
    ) throws(InputError) {
        let caller = try self.caller(of: step)
        let targets = try addresses(of: step, from: caller)
        try requireFamily(of: step, targets)
        let repeated = step.repeatCount > 1 ? " × \(step.repeatCount)" : ""
        let transport = step.transport == .udp ? " over UDP" : ""
        result.title = "connect \(step.caller.name.value) → \(step.target.value)\(transport)\(repeated)"
        var groups = ConnectionGroups()
        for run in 0..<step.repeatCount {
            let request = ConnectRequest(caller, to: targets[run % targets.count], isTCP: step.transport == .tcp)
            var reused: Int?
            if case .reuse(let name) = step.socket { reused = openSockets[name.value] }
            let (socket, connected) = world.connect(request, reusing: reused)
            groups.add(connected)
            evidence.add(connected)
            note(connected.reports, &result)
            switch step.socket {
            case .keep(let name): openSockets[name.value] = socket
            case .reuse: break
            case .once: note(world.close(socket).reports, &result)
            }
        }
        evidence.total = step.repeatCount
        evidence.requested = targets
        result.groups = groups.sorted.map { group($0.0, count: $0.1) }
    }

    /// A socket that is connected again keeps its family.
    private func requireFamily(of step: Connect, _ targets: [SocketAddress]) throws(InputError) {
        guard case .reuse(let name) = step.socket,
            let family = openSockets[name.value].flatMap({ world.sockets[$0]?.family }),
            let target = targets.first(where: { $0.address.family != family })
        else { return }
        func text(_ family: AddressFamily) -> String { family == .v4 ? "IPv4" : "IPv6" }
        throw step.target.error(
            "socket \"\(name.value)\" is an \(text(family)) socket; \(target.address) is an "
                + "\(text(target.address.family)) address")
    }

    private func caller(of step: Connect) throws(InputError) -> Caller {
        switch step.caller {
        case .workload(let name):
            let uid = try self.caller(name)
            guard world.place(of: .workload(uid)) != nil else {
                throw name.error("workload \(uid) is on no node with maps")
            }
            return .workload(uid)
        case .nodeProcess(let name):
            guard world.nodes[name.value] != nil else {
                let hint = nearestName(to: name.value, in: world.nodeNames).map { "; did you mean \($0)?" } ?? ""
                throw name.error("there is no node named \"\(name.value)\"\(hint)")
            }
            return .node(name.value)
        }
    }

    /// The addresses that the program may ask for: one, or those of a headless service in turn.
    private func addresses(of step: Connect, from caller: Caller) throws(InputError) -> [SocketAddress] {
        let target = step.target
        if case .address(let address) = target.value.host {
            let wanted = step.addressing == .mapped ? address.mapped : address
            return [SocketAddress(wanted, port: target.value.port)]
        }
        guard case .name(let name) = target.value.host else { return [] }
        let family: AddressFamily? =
            switch step.addressing {
            case .ofTarget: nil
            case .v4, .mapped: .v4
            case .v6: .v6
            }
        let found = try resolve(Located(name, at: target.place), family: family, from: caller)
        return found.map { SocketAddress(step.addressing == .mapped ? $0.mapped : $0, port: target.value.port) }
    }

    /// What DNS would answer for a name.
    private func resolve(
        _ name: Located<String>, family: AddressFamily?, from caller: Caller
    ) throws(InputError) -> [IPAddress] {
        var namespace = ""
        if case .workload(let uid) = caller { namespace = snapshot.mesh.workloads[uid]?.namespace ?? "" }
        let services = book.services(name.value, from: namespace)
        guard services.count <= 1 else {
            throw name.error(
                "\"\(name.value)\" is the name of several services: "
                    + services.map(\.description).joined(separator: ", "))
        }
        var addresses: [IPAddress] = []
        if let service = services.first.flatMap({ snapshot.mesh.services[$0] }) {
            addresses = service.addresses.map(\.address)
            if addresses.isEmpty {
                addresses = book.endpoints(of: service.name).compactMap { snapshot.mesh.workloads[$0] }
                    .filter { $0.health == .healthy }.flatMap(\.addresses)
            }
        } else {
            addresses = try workloads(name, isTarget: true).prefix(1).compactMap { snapshot.mesh.workloads[$0] }
                .flatMap(\.addresses)
        }
        let wanted = family ?? addresses.first?.family
        let fitting = addresses.filter { $0.family == wanted }
        guard !fitting.isEmpty else {
            throw name.error("\"\(name.value)\" has no \(wanted.map { $0 == .v4 ? "IPv4 " : "IPv6 " } ?? "")address")
        }
        // A service's virtual IP is one; the endpoints of a headless service are asked in turn.
        return services.first.map { snapshot.mesh.services[$0]?.addresses.isEmpty ?? true } ?? false
            ? fitting : [fitting[0]]
    }

    private mutating func send(
        _ step: Send, _ result: inout StepResult, _ evidence: inout Evidence
    ) throws(InputError) {
        result.title = "send \(step.payload.count) bytes on \(step.socket.value)"
        guard let socket = openSockets[step.socket.value],
            let sent = world.send(step.payload, on: socket, canPush: !step.hasNoMemory)
        else { throw step.socket.error("socket \"\(step.socket.value)\" is not connected: its connect was refused") }
        result.authorization = sent.authorization
        if sent.bytes.isEmpty {
            result.facts.append("nothing: the connection was denied or reset before")
        } else if sent.header.isEmpty {
            result.facts.append("the payload as it is")
        } else {
            result.facts.append(
                "\(sent.header.count) bytes before the payload: original destination "
                    + (sent.headerDestination.map(book.text) ?? "none"))
        }
        result.trace = traces(sent.events)
        note(sent.reports, &result)
        evidence.add(sent)
    }

    private mutating func exchange(
        _ step: DNSExchange, _ result: inout StepResult, _ evidence: inout Evidence
    ) throws(InputError) {
        let uid = try caller(step.client)
        guard world.place(of: .workload(uid)) != nil else {
            throw step.client.error("workload \(uid) is on no node with maps")
        }
        let socket: Int
        switch step.socket {
        case .once: socket = world.openDatagramSocket(.workload(uid))
        case .keep(let name):
            socket = world.openDatagramSocket(.workload(uid))
            openSockets[name.value] = socket
        case .reuse(let name): socket = openSockets[name.value] ?? world.openDatagramSocket(.workload(uid))
        }
        let outcome: DNSResult?
        switch step.traffic {
        case .question(let target, let isAnswered):
            let address: IPAddress
            switch target.value.host {
            case .address(let literal): address = literal
            case .name(let name):
                address = try resolve(Located(name, at: target.place), family: .v4, from: .workload(uid))[0]
            }
            guard address.family == .v4 else { throw target.error("the DNS hooks are for IPv4; give an IPv4 server") }
            result.title = "DNS \(step.client.value) → \(target.value)"
            outcome = world.askDNS(
                SocketAddress(address, port: target.value.port), on: socket, isAnswered: isAnswered)
        case .unsolicited(let source):
            result.title = "datagram \(source) → \(step.client.value), not asked for"
            outcome = world.receive(from: source, on: socket)
        }
        if let outcome {
            if let server = outcome.server { result.facts.append("the question goes to \(book.text(of: server))") }
            if let seen = outcome.seenFrom { result.facts.append("the program sees \(book.text(of: seen))") }
            result.trace = traces(outcome.events)
            evidence.add(outcome)
        }
        if case .once = step.socket { _ = world.close(socket) }
    }

    private mutating func close(
        _ socket: Located<String>, _ result: inout StepResult, _ evidence: inout Evidence
    ) {
        result.title = "close \(socket.value)"
        guard let number = openSockets.removeValue(forKey: socket.value) else { return }
        let closed = world.close(number)
        result.trace = traces(closed.events)
        evidence.events = closed.events
        evidence.reason = closed.events.last?.reason
        note(closed.reports, &result)
    }

    // MARK: Results

    private func group(_ first: ConnectResult, count: Int) -> ConnectionGroup {
        ConnectionGroup(
            verdict: first.decision.verdict, final: first.final,
            finalName: first.final.map { book.short($0) } ?? "refused",
            waypoint: first.decision.waypoint.map { book.short($0) }, reason: first.decision.reason,
            waypointReason: first.decision.waypointReason, authorization: first.authorization, count: count,
            trace: traces(first.events))
    }

    func traces(_ events: [HookEvent]) -> [HookTrace] {
        events.map { TraceNamer(book: book, node: world.nodes[$0.node], options: world.options).trace($0) }
    }

    private func note(_ reports: [ConnectionReport], _ result: inout StepResult) {
        result.reportCount += reports.count
        result.reports += reports.prefix(max(0, 100 - result.reports.count))
    }

    private static func durationText(_ nanoseconds: UInt64) -> String {
        let units: [(name: String, size: UInt64)] = [
            ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1000),
        ]
        let unit = units.first { nanoseconds % $0.size == 0 } ?? ("ns", 1)
        return "\(nanoseconds / unit.size) \(unit.name)"
    }
}
