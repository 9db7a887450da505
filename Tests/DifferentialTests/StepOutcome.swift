import KernelABI
import Model

/// What a step gave, in either twin; what depends on time is left out.
struct StepOutcome: Hashable, Sendable {
    /// A hook that ended, and why.
    struct Exit: Hashable, Sendable, CustomStringConvertible {
        var hook: Hook
        var reason: Reason

        var description: String { "\(hook.rawValue):\(reason.rawValue)" }
    }

    /// What a socket remembers.
    struct Storage: Hashable, Sendable, CustomStringConvertible {
        var hasConnectTime: Bool
        var hasReportTime: Bool
        /// direction, connect_success, via_waypoint, has_encoded, has_set_ip
        var flags: [UInt8]
        /// The 36 bytes of the tuple.
        var originalDestination: [UInt8]

        init(_ value: SocketStorage) {
            hasConnectTime = value.connect_ns != 0
            hasReportTime = value.last_report_ns != 0
            flags = [value.direction, value.connect_success, value.via_waypoint, value.has_encoded, value.has_set_ip]
            originalDestination = layoutBytes(of: value.original_dst.ipv6)
        }

        /// The destination in it, as hexadecimal digits.
        var remembered: String { flags[4] == 0 ? "none" : Digits.hexadecimal(originalDestination) }

        var description: String {
            "connected at \(hasConnectTime ? "a time" : "none"), reported at \(hasReportTime ? "a time" : "none"), "
                + "direction \(flags[0]) success \(flags[1]) waypoint \(flags[2]) encoded \(flags[3]) "
                + "original \(flags[4]): \(Digits.hexadecimal(originalDestination))"
        }
    }

    /// A report without times, round trips, retransmissions and losses.
    struct Report: Hashable, Sendable {
        var isInbound: Bool
        var source: SocketAddress
        var destination: SocketAddress
        var originalDestination: SocketAddress?
        var sentBytes: UInt32
        var receivedBytes: UInt32
        var state: UInt32
        var isConnected: Bool
        /// Whether no time of an earlier report was known.
        var isFirst: Bool

        /// The same, whichever reports came before.
        var withoutTimes: Report {
            var report = self
            report.isFirst = false
            return report
        }
    }

    /// User space is asked for a verdict.
    struct Request: Hashable, Sendable {
        var isIPv6: Bool
        var client: SocketAddress
        var server: SocketAddress
    }

    /// "ok", or the error by its name.
    var result = "ok"
    /// What getpeername says of a connected socket.
    var peer: SocketAddress?
    var storage: Storage?
    var exits: [Exit] = []
    /// The first exits of cgroup_skb at the client and at the server, where that is looked at: how many packets
    /// there are, and when, is the kernel's own affair.
    var packetExits: [Exit?] = []
    /// Outbound ones first.
    var reports: [Report] = []
    var requests: [Request] = []
    /// The connections (client, server) of which km_auth_res holds a verdict.
    var verdicts: [[SocketAddress]] = []
    /// What reached the other end of a send.
    var bytes: [UInt8] = []
    /// Where connect let the socket go, also when nobody is there. Not compared: it explains the rest.
    var wanted: SocketAddress?
    /// What sockops gave at the clients. Not compared: it is part of the exits.
    var clientReasons: [Reason] = []
    /// Where a datagram arrived.
    var server: SocketAddress?
    /// What the program saw as the source of the answer.
    var seenFrom: SocketAddress?

    /// How many messages much data makes is the kernel's own affair: those after the first count as one.
    mutating func joinMessages() {
        var joined: [Exit] = []
        for exit in exits where joined.last != exit { joined.append(exit) }
        if joined.last?.reason == .tlvNotNeeded, joined.count > 1 { joined.removeLast() }
        exits = joined
    }

    private static func start(of bytes: [UInt8]) -> String {
        "\(bytes.count): \(Digits.hexadecimal(Array(bytes.prefix(64))))"
    }

    /// The lines that differ from another outcome, "name: this | other".
    func differences(from other: StepOutcome) -> [String] {
        func line<T: Equatable>(_ name: String, _ a: T, _ b: T) -> String? {
            a == b ? nil : "\(name): kernel \(a) | simulator \(b)"
        }
        return [
            line("result", result, other.result), line("peer", peer, other.peer),
            line("remembered", storage?.remembered, other.storage?.remembered), line("storage", storage, other.storage),
            line("exits", exits, other.exits),
            line("packet exits", packetExits, other.packetExits),
            line("reports", reports.map(\.withoutTimes), other.reports.map(\.withoutTimes)),
            line("first reports", reports.map(\.isFirst), other.reports.map(\.isFirst)),
            line("requests", requests, other.requests), line("verdicts", verdicts, other.verdicts),
            bytes == other.bytes ? nil : line("bytes", Self.start(of: bytes), Self.start(of: other.bytes)),
            line("server", server, other.server), line("seen from", seenFrom, other.seenFrom),
        ].compactMap(\.self)
    }
}

/// What only the kernel decides: given to the simulator, so that the rest can be compared.
struct KernelFacts: Hashable, Sendable {
    /// The client's own address and port.
    var local: SocketAddress?
}
