import KernelABI
import Model
import SocketDriverProtocol
import TestSupport

extension CaseGenerator {
    /// What is known of the sockets while steps are drawn; whether they are connected only the twins know.
    private struct Open {
        var number: Int
        var namespace: Int
        var family: AddressFamily
        var isTCP: Bool
        /// Linux cannot connect a socket to an IPv6 address that was connected to a mapped one before.
        var isMapped = false
        var isDatagram = false
    }

    mutating func addSteps(to test: inout DifferentialCase, _ isCompiled: Bool) {
        var open: [Open] = []
        var opened = 0
        for _ in 0..<40 {
            switch random.below(20) {
            case 0..<11:
                let connect = connect(open, isCompiled)
                if connect.reusing == nil {
                    open.append(
                        Open(
                            number: opened, namespace: connect.namespace, family: connect.destination.address.family,
                            isTCP: connect.isTCP, isMapped: connect.destination.address.isMapped))
                    opened += 1
                }
                test.steps.append(.connect(connect))
            case 11..<14:
                guard let socket = pick(open.filter { $0.isTCP }) else { continue }
                test.steps.append(exchange(on: socket.number))
            case 14..<16:
                guard let socket = pick(open) else { continue }
                open.removeAll { $0.number == socket.number }
                test.steps.append(.close(socket: socket.number, ending()))
            case 16:
                let namespace = random.below(2)
                open.append(
                    Open(number: opened, namespace: namespace, family: .v4, isTCP: false, isDatagram: true))
                test.steps.append(.openDatagram(namespace: namespace))
                opened += 1
            case 17..<19:
                guard let socket = pick(open.filter { $0.isDatagram }) else { continue }
                test.steps.append(ask(socket.number))
            default:
                test.steps.append(change(test))
            }
        }
        for socket in open { test.steps.append(.close(socket: socket.number, ending())) }
    }

    private mutating func ending() -> Ending { random.one(of: [.graceful, .reset, .abandoned]) }

    /// Something that happens on a connection.
    private mutating func exchange(on socket: Int) -> DifferentialStep {
        if group.hasPeriodicReports, random.isOneIn(3) { return .report(socket: socket) }
        if random.isOneIn(8) { return .cacheVerdict(socket: socket) }
        let byteCount = random.isOneIn(12) ? 60_000 + random.below(200_000) : 1 + random.below(40)
        return .send(.init(socket: socket, byteCount: byteCount, isFromServer: random.isOneIn(3)))
    }

    private mutating func pick(_ sockets: [Open]) -> Open? { sockets.isEmpty ? nil : random.one(of: sockets) }

    private mutating func connect(_ open: [Open], _ isCompiled: Bool) -> DifferentialStep.Connect {
        let reused = random.isOneIn(5) ? pick(open.filter { !$0.isDatagram && $0.isTCP }) : nil
        var address = destination(isCompiled)
        if let reused {
            while reused.family == .v6 && !reused.isMapped ? address.family != .v6 : address.family != .v4 {
                address = destination(isCompiled)
            }
            if reused.isMapped { address = address.mapped }
        } else if random.isOneIn(5) {
            address = address.mapped
        }
        let port = random.isOneIn(12) ? random.one(of: [53, 929, 930, 0, 7]) : random.one(of: Self.ports)
        return DifferentialStep.Connect(
            namespace: reused?.namespace ?? (random.isOneIn(5) ? 1 : 0),
            destination: SocketAddress(address, port: UInt16(port)), isTCP: reused?.isTCP ?? !random.isOneIn(10),
            reusing: reused?.number)
    }

    private mutating func destination(_ isCompiled: Bool) -> IPAddress {
        switch random.below(30) {
        case 0: return .v4(2)
        case 1: return .v6(high: 0, low: 2)
        case 2: return .v4(0x0B00_0001)
        case 3: return .anyV4
        default: return random.one(of: isCompiled ? Self.meshAddresses : Self.virtualIPs + Self.podAddresses)
        }
    }

    private mutating func ask(_ socket: Int) -> DifferentialStep {
        if random.isOneIn(10) {
            return .ask(
                socket: socket, server: SocketAddress(.v4(2), port: random.one(of: [929, 930])), answerFrom: nil)
        }
        let server = SocketAddress(
            random.one(of: [.v4(0x0A60_0035), .v4(0x0808_0808), .v4(0x0A00_0035)]),
            port: random.one(of: Listeners.datagramPorts))
        let other = SocketAddress(random.one(of: [.v4(0x0909_0909), .v4(0x0A00_0035)]), port: 53)
        return .ask(socket: socket, server: server, answerFrom: random.isOneIn(4) ? other : nil)
    }

    /// Entries come and go while sockets are open.
    private mutating func change(_ test: DifferentialCase) -> DifferentialStep {
        let entries = test.entries.compactMap { write -> MapEntry? in
            if case .put(let entry) = write { entry } else { nil }
        }
        guard !entries.isEmpty else {
            return .put(MapEntryText(.backend(BackendKey(backend_uid: 101), BackendValue())))
        }
        let manage = entries.filter { $0.key.map == .manage }
        let text = MapEntryText(random.one(of: manage.isEmpty || !random.isOneIn(3) ? entries : manage))
        if random.isOneIn(2) { return .delete(text) }
        // The value of another entry of the same map.
        let others = entries.map(MapEntryText.init).filter { $0.map == text.map }
        return .put(MapEntryText(map: text.map, key: text.key, value: random.one(of: others).value))
    }
}
