import Model
import SocketDriverProtocol

/// What both twins run: options, maps that need not be sound, and steps.
struct DifferentialCase: Hashable, Sendable {
    /// What a case was drawn from.
    var caseSeed: UInt64
    var preset: Preset
    /// Options that are not the preset's.
    var changed: [OptionName: String] = [:]
    /// Where the draws of both twins begin.
    var seed: UInt64
    /// Addresses from which the node probes its pods.
    var probeSources: [IPAddress] = []
    var isMonitoring = true
    /// What the maps hold at first, but for the cookies of namespaces.
    var entries: [MapWrite]
    /// Which of the namespaces are in km_manage by their cookie.
    var managed: [Bool]
    var steps: [DifferentialStep]

    /// What the sockets of a namespace are bound to.
    static func localAddress(_ namespace: Int, _ family: AddressFamily) -> IPAddress {
        family == .v4
            ? .v4(0x0AF4_0001 + UInt32(namespace)) : .v6(high: 0xfd00_0244_0000_0000, low: 1 + UInt64(namespace))
    }

    /// What a case's maps take.
    static let capacities = MapCapacities(
        frontend: 256, service: 256, endpoint: 1024, backend: 256, manage: 64, nodeInfo: 16)

    var options: DataplaneOptions {
        var options = DataplaneOptions(preset)
        for (name, value) in changed { precondition(options.set(name, to: value), "\(name) has no value \(value)") }
        options.capacities = Self.capacities
        return options
    }

    static func == (a: DifferentialCase, b: DifferentialCase) -> Bool { a.caseSeed == b.caseSeed && a.steps == b.steps }

    func hash(into hasher: inout Hasher) { hasher.combine(caseSeed) }
}

/// One thing that happens in both twins. Sockets are numbered in the order in which they are opened.
enum DifferentialStep: Hashable, Sendable {
    struct Connect: Hashable, Sendable {
        /// The caller's namespace.
        var namespace: Int
        var destination: SocketAddress
        var isTCP = true
        /// An earlier socket that connects again.
        var reusing: Int?
    }

    struct Send: Hashable, Sendable {
        var socket: Int
        /// More than 64 KB take several messages of the kernel.
        var byteCount: Int
        /// Whether the listener's end sends.
        var isFromServer = false

        /// Any will do, but each differs from the one before.
        var bytes: [UInt8] { (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) } }
    }

    case connect(Connect)
    case send(Send)
    case close(socket: Int, Ending)
    /// Reports of both ends of a connection are due, and a byte goes from the client to the server.
    case report(socket: Int)
    /// User space has judged a connection: its verdict lies in km_auth_res.
    case cacheVerdict(socket: Int)
    /// An unconnected UDP socket is opened.
    case openDatagram(namespace: Int)
    /// A question to a server; the answer comes from where the question went, or from `answerFrom`.
    case ask(socket: Int, server: SocketAddress, answerFrom: SocketAddress?)
    case put(MapEntryText)
    case delete(MapEntryText)
}

/// A map entry as bytes: equal and printable.
struct MapEntryText: Hashable, Sendable {
    var map: KernelMapName
    var key: [UInt8]
    var value: [UInt8]
}

extension DifferentialStep: CustomStringConvertible {
    var description: String {
        switch self {
        case .connect(let connect):
            "connect from namespace \(connect.namespace) to \(connect.destination) \(connect.isTCP ? "tcp" : "udp")"
                + (connect.reusing.map { " with socket \($0)" } ?? "")
        case .send(let send):
            "send \(send.byteCount) bytes on socket \(send.socket)" + (send.isFromServer ? " from the server" : "")
        case .close(let socket, let ending): "close socket \(socket), \(ending)"
        case .report(let socket): "report socket \(socket)"
        case .cacheVerdict(let socket): "cache a verdict of socket \(socket)"
        case .openDatagram(let namespace): "open a datagram socket in namespace \(namespace)"
        case .ask(let socket, let server, let answerFrom):
            "ask \(server) on socket \(socket)" + (answerFrom.map { ", answered from \($0)" } ?? "")
        case .put(let entry):
            "put \(entry.map.rawValue) \(Digits.hexadecimal(entry.key)) = \(Digits.hexadecimal(entry.value))"
        case .delete(let entry): "delete \(entry.map.rawValue) \(Digits.hexadecimal(entry.key))"
        }
    }
}
