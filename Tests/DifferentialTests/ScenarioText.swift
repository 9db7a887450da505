import Foundation
import Inputs
import KernelABI
import Model

/// A case as a scenario that `kmesh-sim run` reproduces: the maps at its beginning as dumps, its steps, and what the
/// kernel did as expectations. The simulator fails it until both agree.
///
/// A scenario shows the client's side. What cannot be said in one (what the server sends, verdicts, periodic reports,
/// ports 0) is left out, and named in its description.
struct ScenarioText {
    private static let node = "twin"
    private let test: DifferentialCase
    private var steps: [String] = []
    private var unsaid: [String] = []
    /// Sockets whose connect nobody answered: in a scenario somebody does, everywhere.
    private var unanswered: Set<Int> = []
    private var opened: [(namespace: Int, isTCP: Bool)] = []
    private var isAlwaysAnswered = true
    /// How often sockops ended at the client with reasons that only it has.
    private var counts: [Reason: Int] = [.activeEstablished: 0, .closed: 0]
    /// Datagram sockets that a scenario has opened: it does so with their first question.
    private var asking: Set<Int> = []

    /// - Parameters:
    ///   - outcomes: What the kernel did, as far as it ran.
    init(_ test: DifferentialCase, _ outcomes: [StepOutcome]) {
        self.test = test
        let cookies = test.managed.enumerated().filter(\.element).map { "client-\($0.offset): 0" }
        if !cookies.isEmpty {
            steps.append("mapWrite: {put: {km_manage: {\(cookies.joined(separator: ", "))}}}")
        }
        for (step, outcome) in zip(test.steps, outcomes) { add(step, outcome) }
    }

    /// Compares what the programs write.
    mutating func addEnd(managed: MapStore, cookies: [UInt64]) {
        var entries: [String] = []
        func state(_ key: ManageKey) -> String { managed.managed(key).map { "\($0.state)" } ?? "absent" }
        for (index, cookie) in cookies.enumerated() {
            entries.append("client-\(index): \(state(ManageKey(cookie: cookie)))")
            for family in AddressFamily.allCases {
                let address = DifferentialCase.localAddress(index, family)
                entries.append("\"\(address)\": \(state(ManageKey(address)))")
            }
        }
        let counters = counts.map { "reason.\($0.key.rawValue): \($0.value)" }.sorted().joined(separator: ", ")
        add(
            "check: true",
            "maps: {node: \(Self.node), km_manage: {\(entries.joined(separator: ", "))}}"
                + (isAlwaysAnswered ? ", counters: {\(counters)}" : ""))
    }

    // MARK: Steps

    private mutating func add(_ step: DifferentialStep, _ outcome: StepOutcome) {
        for reason in outcome.clientReasons { counts[reason]? += 1 }
        switch step {
        case .connect(let connect): add(connect, outcome)
        case .send(let send):
            guard !outcome.bytes.isEmpty, !unanswered.contains(send.socket) else { return }
            guard !send.isFromServer else { return leaveOut(step) }
            let reason = outcome.exits.last { $0.hook == .skMsg }.map { ", reason: \($0.reason.rawValue)" } ?? ""
            add(
                "send: {socket: s\(send.socket), hex: \"\(Digits.hexadecimal(send.bytes))\"}",
                "bytes: \"\(Digits.hexadecimal(outcome.bytes))\"\(reason)")
        case .close(let socket, _):
            if opened[socket].isTCP {
                let isSaid = !unanswered.contains(socket)
                add("close: s\(socket)", isSaid ? "reports: \(Self.reports(outcome))" : "")
            } else if asking.contains(socket) {
                add("close: s\(socket)", "")
            }
        case .report, .cacheVerdict: leaveOut(step)
        case .openDatagram(let namespace): opened.append((namespace, false))
        case .ask(let socket, let server, let answerFrom): ask(socket, server, answerFrom, outcome)
        case .put(let entry):
            let text = "\"\(Self.bytes(entry.key))\": \"\(Self.bytes(entry.value))\""
            add("mapWrite: {node: \(Self.node), put: {\(entry.map.rawValue): {\(text)}}}", "")
        case .delete(let entry):
            add("mapWrite: {node: \(Self.node), delete: {\(entry.map.rawValue): [\"\(Self.bytes(entry.key))\"]}}", "")
        }
    }

    private mutating func add(_ step: String, _ expectations: String) {
        steps.append(expectations.isEmpty ? step : "\(step)\n    expect: {\(expectations)}")
    }

    private mutating func leaveOut(_ step: DifferentialStep) { unsaid.append("\(step)") }

    private static func bytes(_ bytes: [UInt8]) -> String { "0x" + Digits.hexadecimal(bytes) }

    private mutating func add(_ connect: DifferentialStep.Connect, _ outcome: StepOutcome) {
        let number = connect.reusing ?? opened.count
        if connect.reusing == nil { opened.append((connect.namespace, connect.isTCP)) }
        guard connect.destination.port != 0 else {
            unanswered.insert(number)
            isAlwaysAnswered = false
            return leaveOut(.connect(connect))
        }
        let address = connect.destination.address
        let target = SocketAddress(address.unmapped, port: connect.destination.port)
        var fields = ["from: client-\(connect.namespace)", "to: \"\(target)\""]
        if address.isMapped { fields.append("mapped: true") }
        if !connect.isTCP { fields.append("protocol: udp") }
        if connect.reusing != nil {
            fields = ["reuse: s\(number)", "to: \"\(target)\""] + (address.isMapped ? ["mapped: true"] : [])
        } else {
            fields.append("keep: s\(number)")
        }
        // A connection that was never answered has other reports when it is connected again.
        let isSaid = !unanswered.contains(number)
        let isAnswered = !connect.isTCP || outcome.wanted.map { Listeners.ports.contains($0.port) } ?? true
        if connect.isTCP, !isAnswered {
            unanswered.insert(number)
            isAlwaysAnswered = false
        } else {
            unanswered.remove(number)
        }
        var expected: [String] = []
        if outcome.result == "ECONNREFUSED", isAnswered {
            expected.append("refused: true")
        } else if let peer = outcome.peer, peer.address != Self.own(connect) {
            expected.append("destination: \"\(peer)\"")
        }
        if let exit = outcome.exits.last(where: { $0.hook == .connect4 || $0.hook == .connect6 }) {
            expected.append("reason: \(exit.reason.rawValue)")
        }
        expected.append("originalDestination: \(outcome.storage?.original(address.family) ?? "none")")
        if connect.isTCP, isAnswered, isSaid { expected.append("reports: \(Self.reports(outcome))") }
        add("connect: {\(fields.joined(separator: ", "))}", expected.joined(separator: ", "))
    }

    /// Linux takes 0.0.0.0 for the address that a socket is bound to; in a scenario none is.
    private static func own(_ connect: DifferentialStep.Connect) -> IPAddress {
        let own = DifferentialCase.localAddress(connect.namespace, .v4)
        return connect.destination.address.isMapped ? own.mapped : own
    }

    private static let ownAddresses = [0, 1].flatMap { namespace in
        AddressFamily.allCases.map { DifferentialCase.localAddress(namespace, $0) }
    }

    /// The client's.
    private static func reports(_ outcome: StepOutcome) -> String {
        let reports = outcome.reports.filter { !$0.isInbound }.map { report in
            let state = report.state == 1 ? "established" : "close"
            let original = report.originalDestination.map { "\"\($0)\"" } ?? "none"
            // What 0.0.0.0 stands for is another address in a scenario.
            let isOwn = ownAddresses.contains(report.destination.address)
            return "{direction: outbound, state: \(state), \(isOwn ? "" : "to: \"\(report.destination)\", ")"
                + "originalDestination: \(original), sent: \(report.sentBytes)}"
        }
        return reports.isEmpty ? "0" : "[\(reports.joined(separator: ", "))]"
    }

    private mutating func ask(
        _ socket: Int, _ server: SocketAddress, _ answerFrom: SocketAddress?, _ outcome: StepOutcome
    ) {
        asking.insert(socket)
        let isAnswered = outcome.seenFrom != nil && answerFrom == nil
        let client = "from: client-\(opened[socket].namespace), socket: s\(socket)"
        var expected = outcome.server.map { ["server: \"\($0)\""] } ?? []
        if isAnswered, let seen = outcome.seenFrom { expected.append("seenFrom: \"\(seen)\"") }
        let hook: Hook = isAnswered ? .recvmsg4 : .sendmsg4
        if let exit = outcome.exits.last(where: { $0.hook == hook }) {
            expected.append("reason: \(exit.reason.rawValue)")
        }
        expected.append("originalDestination: \(outcome.storage?.original(.v4) ?? "none")")
        add(
            "dns: {\(client), server: \(server.address), port: \(server.port), reply: \(isAnswered)}",
            expected.joined(separator: ", "))
        guard let answerFrom, let seen = outcome.seenFrom else { return }
        let reason = outcome.exits.last.map { ", reason: \($0.reason.rawValue)" } ?? ""
        add("dns: {\(client), unsolicited: \"\(answerFrom)\"}", "seenFrom: \"\(seen)\"\(reason)")
    }

    // MARK: Files

    /// - Parameter changed: Options that differ from the preset's.
    func text(changed: [OptionName: String]) -> String {
        let options = changed.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue): \($0.value)" }
        let changes = options.isEmpty ? "" : "\noptions: {\(options.joined(separator: ", "))}"
        let omitted = unsaid.isEmpty ? "" : " Cannot be said here: \(unsaid.joined(separator: "; "))."
        let pods = test.managed.indices.map { index in
            let addresses = AddressFamily.allCases.map { "{ip: \"\(DifferentialCase.localAddress(index, $0))\"}" }
            return """
                      - {apiVersion: v1, kind: Pod, metadata: {name: client-\(index), namespace: default}, spec: {nodeName: \
                \(Self.node), containers: [{name: c}]}, status: {phase: Running, podIP: \
                "\(DifferentialCase.localAddress(index, .v4))", podIPs: [\(addresses.joined(separator: ", "))], \
                conditions: [{type: Ready, status: "True"}]}}
                """
        }
        return """
            name: A difference between the simulator and the kernel
            description: >
              Drawn from \(test.caseSeed). What is expected is what the kernel did.\(omitted)
            preset: \(test.preset.rawValue)
            seed: \(test.seed)
            node: \(Self.node)
            nodes: [{name: \(Self.node)}]
            mesh:
              - maps
              - inline:
            \(pods.joined(separator: "\n"))
            manage: none
            monitoring: \(test.isMonitoring)\(changes)
            steps:
            \(steps.map { "  - \($0)" }.joined(separator: "\n"))

            """
    }

    /// Writes the scenario and its maps.
    /// - Returns: the path of the scenario.
    func write(to directory: URL) throws -> String {
        let maps = directory.appending(path: "maps")
        try FileManager.default.createDirectory(at: maps, withIntermediateDirectories: true)
        var store = MapStore(capacities: DifferentialCase.capacities)
        for write in test.entries { try store.apply(write) }
        let dump = MapDump(of: store)
        for map in KernelMapName.allCases where dump.entries[map] != nil {
            try Data(dump.bpftoolText(of: map).utf8).write(to: maps.appending(path: map.fileName))
        }
        let file = directory.appending(path: "scenario.yaml")
        try Data(text(changed: test.changed).utf8).write(to: file)
        return file.path
    }
}

extension StepOutcome.Storage {
    /// The remembered destination as scenarios write it; mapped ones as what they are.
    func original(_ family: AddressFamily) -> String? {
        guard flags[4] != 0 else { return nil }
        let (address, port) =
            family == .v4 ? (originalDestination[4..<8], 10) : (originalDestination[16..<32], 34)
        guard let found = IPAddress(bytes: address) else { return nil }
        let number = UInt16(originalDestination[port]) << 8 | UInt16(originalDestination[port + 1])
        return "\"\(SocketAddress(found.unmapped, port: number))\""
    }
}
