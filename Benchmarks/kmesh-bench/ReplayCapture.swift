import BenchmarkSupport
import Captures
import Glibc
import Model

/// A capture made for measuring: one pod's connections to services, opened one after the other, then packets of all of
/// them in random order, both ways, of mixed sizes.
struct ReplayCapture {
    static let mesh = SampleMesh(serviceCount: 500, endpointCount: 20)
    /// The pod at which it is taken.
    static let pod = mesh.workload(0, of: 0)

    let path: String
    let flowCount: Int
    /// Behind the handshakes.
    let dataPacketCount: Int

    /// Packets that open a connection: the handshake, and the server's first.
    static let openingPacketCount = 4
    var handshakePacketCount: Int { flowCount * Self.openingPacketCount }

    /// Writes the capture into a file of its own.
    init(flowCount: Int, dataPacketCount: Int) throws {
        self.flowCount = flowCount
        self.dataPacketCount = dataPacketCount
        path = "/tmp/kmesh-bench-\(getpid())-\(flowCount)-\(dataPacketCount).pcap"
        var writer = try PCAPWriter(path: path, linkType: LinkType.ethernet)
        var time: UInt64 = 1_700_000_000_000_000_000
        for flow in 0..<flowCount {
            for (flags, isSent) in [(TCPFlags.syn, true), ([.syn, .ack], false), (.ack, true), (.ack, false)] {
                time += 1000
                let frame = Self.frame(flow, flags, isSent: isSent, byteCount: 0)
                try writer.write(unsafe frame.span.bytes, timestamp: time)
            }
        }
        // Sizes of payloads as they are most often seen: none, small, full.
        let sizes = [0, 0, 0, 120, 400, 1400, 1400]
        var random = SplitMix64(seed: 7)
        for _ in 0..<dataPacketCount {
            let flow = Int(random.next() % UInt64(flowCount))
            let (isSent, size) = (random.next() & 1 == 0, sizes[Int(random.next() % UInt64(sizes.count))])
            time += 1000
            let frame = Self.frame(flow, .ack, isSent: isSent, byteCount: size)
            try writer.write(unsafe frame.span.bytes, timestamp: time)
        }
        try writer.finish()
    }

    /// Removes the file.
    func remove() {
        // Swift ends the path with a zero.
        _ = unsafe unlink(path)
    }

    private static func frame(_ flow: Int, _ flags: TCPFlags, isSent: Bool, byteCount: Int) -> [UInt8] {
        let client = SocketAddress(pod.addresses[0], port: UInt16(1024 + flow % 60_000))
        let server = SocketAddress(mesh.virtualIP(flow / 60_000 + flow % 400), port: 80)
        var builder = PacketBuilder(
            isSent ? PacketFlow(source: client, destination: server) : PacketFlow(source: server, destination: client),
            flags: flags)
        builder.payload = [UInt8](repeating: 0x55, count: byteCount)
        return builder.frame
    }
}
