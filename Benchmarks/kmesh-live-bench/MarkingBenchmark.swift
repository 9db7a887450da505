import BenchmarkSupport
import KernelTestSupport
import Live
import Model

/// What the programs at interfaces cost a packet (BPF_PROG_TEST_RUN), on a node with a thousand peers.
enum MarkingBenchmark {
    private static let repeatCount: Int32 = 1_000_000
    private static let peerCount: UInt32 = 1000

    private static let pod = IPAddress.v4(0x0a01_0002)
    private static let nobody = IPAddress.v4(0x0a01_0003)
    private static let peerPod = IPAddress.v4(0x0a40_0105)
    private static let peer = IPAddress.v4(0xc0a8_0001)
    private static let peerMark = PacketMark.received(fromPeer: 1)

    private struct Row {
        let name: String
        let place: TCAttachment.Place
        let frame: [UInt8]
        /// Before and after.
        let marks: (PacketMark, PacketMark)
    }

    private static var rows: [Row] {
        func frame(_ source: IPAddress, _ destination: IPAddress) -> [UInt8] {
            let flow = PacketFlow(
                source: SocketAddress(source, port: 40_000), destination: SocketAddress(destination, port: 80))
            return PacketBuilder(flow, flags: .ack).frame
        }
        var (arp, esp) = (frame(pod, peerPod), frame(peer, nobody))
        (arp[12], arp[13]) = (0x08, 0x06)
        // After the Ethernet header, the protocol of IPv4.
        esp[14 + 9] = IPProtocol.esp.rawValue
        return [
            Row(name: "pod, ARP", place: .pod, frame: arp, marks: (.none, .none)),
            Row(name: "pod, to a peer's", place: .pod, frame: frame(pod, peerPod), marks: (.none, .encrypt)),
            Row(name: "pod, to nobody's", place: .pod, frame: frame(pod, nobody), marks: (.none, .none)),
            Row(name: "uplink, ESP of a peer", place: .uplink, frame: esp, marks: (.none, peerMark)),
            Row(
                name: "uplink, decrypted", place: .uplink, frame: frame(peerPod, pod), marks: (.decrypted, .decrypted)),
            Row(name: "uplink, in clear", place: .uplink, frame: frame(nobody, pod), marks: (.none, .none)),
        ]
    }

    static func figures(rounds: Int) throws -> [Figure] {
        let pins = try TestPinDirectory()
        let dataplane = try Dataplane(ProgramSettings(options: .hardened), pins: PinDirectory(pins.path))
        for number in 1...peerCount {
            guard let prefix = Prefix(.v4(0x0a40_0000 + number << 8), length: 24) else { continue }
            try dataplane.encryption.encrypt(to: prefix)
            try dataplane.encryption.mark(
                .v4(0xc0a8_0000 + number), as: .received(fromPeer: UInt16(truncatingIfNeeded: number)))
        }
        let rows = rows
        var times = [[Double]](repeating: [], count: rows.count)
        for _ in 0..<rounds {
            try Interruption.check()
            for (index, row) in rows.enumerated() {
                let trial = try dataplane.tryInterface(
                    row.place, row.frame, mark: row.marks.0, repeatCount: repeatCount)
                guard trial.mark == row.marks.1 else { throw BenchmarkError("\(row.name): another mark") }
                times[index].append(Double(trial.nanoseconds))
            }
        }
        return zip(rows, times).map { Figure(name: "tc, \($0.name)", value: $1.median, unit: "ns") }
    }
}
