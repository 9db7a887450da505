import Captures
import CommandLineTool
import Model
import Sim

/// Where the captures of a replay were taken: as the command line says, or as their first packets tell.
struct CapturePlaces {
    /// A packet that was read ahead.
    struct Held {
        var packet: NetworkPackets.Packet
        /// From the network layer on.
        var bytes: [UInt8]
    }

    /// Packets of a file that are looked at, to tell where it was taken.
    private static let packetLimit = 4 * VantageGuesser.packetLimit
    /// Bytes that are kept of captures that cannot be read twice, for the same.
    private static let heldByteLimit = 1 << 24

    /// By capture.
    let vantages: [Vantage]
    /// Why each was taken to be that; nil where it was given.
    let reasons: [String?]
    /// Captures of which no packet tells.
    let untold: Set<Int>
    /// What had to be read ahead, in the order of time.
    let held: [Held]

    init(_ invocation: Invocation, in mesh: Mesh, of packets: inout NetworkPackets) throws {
        let paths = invocation.positionals
        let places = invocation.values("at")
        guard places.isEmpty else {
            let given = try places.map { try Vantage(parsing: $0, in: mesh) }
            vantages = given.count == paths.count ? given : Array(repeating: given[0], count: paths.count)
            reasons = Array(repeating: nil, count: paths.count)
            (untold, held) = ([], [])
            return
        }
        var guessers = Array(repeating: VantageGuesser(mesh), count: paths.count)
        var unread: [Int] = []
        for (index, path) in paths.enumerated() {
            if CaptureReader.canBeReadTwice(path) {
                try Self.look(at: path, of: invocation, with: &guessers[index])
            } else {
                unread.append(index)
            }
        }
        held = try Self.hold(&packets, for: unread, &guessers)
        let guesses = guessers.map(\.guess)
        untold = Set(guesses.indices.filter { guesses[$0] == nil })
        vantages = guesses.map { $0?.vantage ?? .wire }
        reasons = guesses.map { $0?.reason ?? "no packet tells" }
    }

    /// Shows the first packets of a file to a guesser.
    private static func look(at path: String, of invocation: Invocation, with guesser: inout VantageGuesser) throws {
        var packets = try invocation.packets(of: [path])
        for _ in 0..<packetLimit {
            guard !guesser.isFull, let next = try packets.next() else { return }
            let record = PacketRecord(next, number: next.record.number)
            packets.withBytes(of: next) { guesser.see($0, record) }
        }
    }

    /// Reads ahead what cannot be read twice, with whatever comes between.
    private static func hold(
        _ packets: inout NetworkPackets, for unread: [Int], _ guessers: inout [VantageGuesser]
    ) throws -> [Held] {
        var held: [Held] = []
        var byteCount = 0
        while byteCount < heldByteLimit, unread.contains(where: { !guessers[$0].isFull }),
            let next = try packets.next()
        {
            let record = PacketRecord(next, number: UInt64(held.count + 1))
            let bytes = packets.withBytes(of: next) { bytes in
                if unread.contains(next.capture) { guessers[next.capture].see(bytes, record) }
                return (0..<bytes.byteCount).map { bytes.byte(at: $0) }
            }
            byteCount += bytes.count + MemoryLayout<Held>.stride
            held.append(Held(packet: next, bytes: bytes))
        }
        return held
    }
}

extension PacketRecord {
    /// - Parameter number: What names it to people.
    init(_ packet: NetworkPackets.Packet, number: UInt64) {
        self.init(
            number: number, timestamp: packet.record.timestamp, etherType: packet.layer.etherType,
            originalByteCount: packet.originalByteCount, vantage: packet.capture)
    }
}
