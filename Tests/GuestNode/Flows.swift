import CSocketCalls
import Glibc
import GuestLayout
import Model

/// Pings between pods of different nodes, in both directions and families, round after round.
final class Flows {
    private var pingers: [Pinger] = []
    private var names: [String] = []

    init(_ topology: Topology, _ pods: [GuestPod], _ families: [AddressFamily] = AddressFamily.both) throws {
        for source in pods {
            for destination in pods where destination.node != source.node {
                for family in families {
                    pingers.append(try Pinger(from: topology[source], to: destination.address(family)))
                    names.append("\(source.name) > \(destination.name) \(family)")
                }
            }
        }
    }

    var sentCount: Int { pingers.reduce(0) { $0 + $1.sentCount } }
    /// Names of the flows with numbers of requests that were not answered.
    var lost: [String] {
        zip(names, pingers).flatMap { name, pinger in pinger.lost.map { "\(name) \($0)" } }
    }

    /// One request of each.
    func round(byteCount: Int = 56) {
        for pinger in pingers { pinger.send(byteCount: byteCount) }
        for pinger in pingers { pinger.collect() }
    }

    func rounds(_ count: Int) {
        for _ in 0..<count {
            round()
            usleep(5000)
        }
    }

    /// Goes on until something is so.
    func rounds(until what: String, seconds: Int = 120, _ isSo: () throws -> Bool) throws {
        let end = sc_monotonic_ns() + UInt64(seconds) * 1_000_000_000
        while try !isSo() {
            guard sc_monotonic_ns() < end else { throw Failure("\(what) did not come within \(seconds) s") }
            round()
            usleep(20_000)
        }
    }

    /// Waits for the answers that are still to come, so long as any do.
    func settle(seconds: Int = 5) {
        let end = sc_monotonic_ns() + UInt64(seconds) * 1_000_000_000
        while !lost.isEmpty, sc_monotonic_ns() < end {
            usleep(10_000)
            for pinger in pingers { pinger.collect() }
        }
    }
}

extension Frame {
    /// 0 for what is not IP.
    private var family: Int {
        bytes.count < 54 ? 0 : bytes[12] == 0x08 && bytes[13] == 0 ? 4 : bytes[12] == 0x86 ? 6 : 0
    }
    private var protocolNumber: UInt8 { family == 4 ? bytes[23] : family == 6 ? bytes[20] : 0 }

    /// Of an ESP packet, or of its first fragment.
    var spi: UInt32? {
        guard protocolNumber == 50 else { return nil }
        let start = family == 4 ? 34 : 54
        guard bytes.count >= start + 4 else { return nil }
        return bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// An IP packet of somebody's that is not encrypted: neighbours and listeners talk of addresses alone.
    var isClear: Bool {
        guard family != 0, protocolNumber != 50 else { return false }
        let isListenerReport = family == 6 && protocolNumber == 0
        return !isListenerReport && !(protocolNumber == 58 && (133...137).contains(bytes[54]))
    }

    /// The number of the node that sent it, by its hardware address.
    var sender: Int { Int(bytes[10]) }
    var receiver: Int { Int(bytes[4]) }
}
