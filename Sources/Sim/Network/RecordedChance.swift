import Model

/// What kernels drew by chance where a capture of the wire was taken: the constants of IVs, and the identifications of
/// outer headers; and the numbers at which associations were. A network that is given them makes the same bytes of the same packets.
public struct RecordedChance: Sendable {
    private struct Association: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var spi: SPI
    }

    /// Of the first packet of each association.
    private var starts: [(association: Association, sequence: UInt32, iv: UInt64)] = []
    private var known: Set<Association> = []
    /// In the order of packets.
    private var identifications: [(source: IPAddress, number: UInt32)] = []

    public init() {}

    /// Looks at a packet of the wire, from the IP header on; only ESP tells anything.
    public mutating func see(_ bytes: RawSpan, isIPv6: Bool) {
        guard
            let outline = try? PacketOutline(parsing: bytes, isIPv6: isIPv6, originalByteCount: bytes.byteCount),
            outline.protocolNumber == .esp, outline.fragment?.isLater != true
        else { return }
        let (source, destination) = (
            outline.source.address(outline.family), outline.destination.address(outline.family)
        )
        note(identificationOf: bytes, outline, source)
        let start = outline.transportOffset
        guard bytes.byteCount - start >= ESPHeader.byteCount + ESPHeader.ivByteCount else { return }
        let association = Association(
            source: source, destination: destination, spi: SPI(rawValue: bytes.network32(at: start)))
        guard known.insert(association).inserted else { return }
        starts.append((association, bytes.network32(at: start + 4), bytes.network64(at: start + ESPHeader.byteCount)))
    }

    /// IPv4 packets that may be fragmented draw one, and IPv6 packets that are.
    private mutating func note(identificationOf bytes: RawSpan, _ outline: PacketOutline, _ source: IPAddress) {
        if let fragment = outline.fragment {
            identifications.append((source, fragment.identification))
        } else if outline.family == .v4, bytes.byte(at: 6) & 0x40 == 0 {
            identifications.append((source, UInt32(bytes.network16(at: 4))))
        }
    }

    /// Gives a network what was seen.
    /// - Returns: What does not fit it, a sentence each without its full stop.
    public func give(to network: inout Network) -> [String] {
        var notes: [String] = []
        for (association, sequence, iv) in starts {
            guard let node = network.node(for: association.source),
                let entry = network.nodes[node].xfrm.states.first(where: {
                    $0.state.source == association.source && $0.state.destination == association.destination
                        && $0.state.spi == association.spi
                })
            else {
                notes.append(
                    "no node has the state \(association.source) → \(association.destination) SPI \(association.spi) "
                        + "of the recorded wire")
                continue
            }
            // The half of extended numbers that is not sent is the state's.
            let number = entry.sequence & (.max << 32) | UInt64(sequence)
            network.nodes[node].xfrm.setIVConstant(iv ^ number, of: entry.state.id)
            network.nodes[node].xfrm.setSequence(
                sent: max(number, 1) - 1, received: entry.window.highest, of: entry.state.id)
        }
        for index in network.nodes.indices {
            let own = identifications.filter { network.nodes[index].addresses.contains($0.source) }.map(\.number)
            if !own.isEmpty { network.nodes[index].outerIdentifications = IdentificationSource(recorded: own) }
        }
        return notes
    }
}
