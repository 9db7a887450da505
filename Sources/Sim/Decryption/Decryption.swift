public import Crypto
import Model

/// Decrypts what a capture shows of the wire between nodes, packet by packet, and takes account.
///
/// Memory is bounded, but for one entry for each state that is met.
public struct Decryption {
    let plan: DecryptionPlan
    let verifies: Bool
    let index: TunnelIndex
    /// Beside the plan's associations.
    var opened: [OpenedAssociation?]
    var fragments = TunnelFragments()
    var recent = DecryptedPackets()
    var report = DecryptionReport()
    /// How many packets were taken.
    var number: UInt64 = 0
    /// Of the packet that was decrypted last, reused.
    var inner: [UInt8] = []
    var sealed: [UInt8] = []

    /// - Parameter verifies: Whether each packet is encrypted again and compared.
    public init(_ plan: DecryptionPlan, verifies: Bool) {
        self.plan = plan
        self.verifies = verifies
        index = TunnelIndex(plan.associations)
        opened = plan.associations.map { _ in nil }
    }

    /// Takes a frame that carries no IP, or in which nothing can be found.
    public mutating func takeOther(isMalformed: Bool = false) {
        number += 1
        report[isMalformed ? .malformed : .otherProtocol] += 1
    }

    /// Takes an IP packet.
    /// - Parameters:
    ///   - packet: From the IP header to the end of what was captured.
    ///   - isIPv6: What the frame says that it carries.
    ///   - originalByteCount: From the IP header to the end of the frame on the wire.
    public mutating func take(
        _ packet: RawSpan, isIPv6: Bool, originalByteCount: Int, at place: DecryptionReport.Place
    ) throws(CryptoError) {
        number += 1
        let original = max(originalByteCount, packet.byteCount)
        let part = FragmentPart(of: packet, isIPv6: isIPv6, originalByteCount: original)
        if let part, mayBeESP(part) {
            try take(part, packet, at: place)
            return
        }
        let outline: PacketOutline
        do throws(PacketOutline.Fault) {
            outline = try PacketOutline(parsing: packet, isIPv6: isIPv6, originalByteCount: original)
        } catch {
            takeUnparsed(packet, isIPv6: isIPv6, error, at: place)
            return
        }
        try take(packet, outline, at: place)
    }

    /// What was found, after the last packet.
    public consuming func finished() -> DecryptionReport {
        for lost in fragments.takeAll() { count(lost, "the rest is missing") }
        report.associations = opened.compactMap { $0?.record }.filter { $0.packetCount > 0 }
        return report
    }

    private mutating func take(
        _ packet: RawSpan, _ outline: PacketOutline, at place: DecryptionReport.Place
    ) throws(CryptoError) {
        let end = min(outline.byteCount, packet.byteCount)
        let addresses = AddressPair(
            source: outline.source.address(outline.family), destination: outline.destination.address(outline.family))
        let sighting = Sighting(addresses: addresses, place: place, isCut: outline.byteCount > packet.byteCount)
        let payload = packet.extracting(min(outline.transportOffset, end)..<end)
        if outline.fragment == nil, try takeTunnel(payload, outline.protocolNumber, sighting) { return }
        takeClear(packet, outline, sighting)
    }

    /// Takes ESP, ESP in UDP, and what belongs to that.
    /// - Parameter payload: From the header of `next` on.
    /// - Returns: false where it is none of that, and nothing was counted.
    mutating func takeTunnel(
        _ payload: RawSpan, _ next: IPProtocol, _ sighting: Sighting
    ) throws(CryptoError) -> Bool {
        if next == .esp {
            try takeESP(payload, sighting)
            return true
        }
        guard next == .udp, carriesESP(payload, sighting.addresses),
            let content = ESPInUDP(payload, isCut: sighting.isCut)
        else { return false }
        switch content {
        case .keepalive: report[.keepalive] += 1
        case .keyExchange: report[.keyExchange] += 1
        case .esp(let range): try takeESP(payload.extracting(range), sighting)
        }
        return true
    }

    /// Whether a UDP packet's ports are those of ESP. What pods say to each other has to be encrypted, whatever its ports.
    func carriesESP(_ datagram: RawSpan, _ addresses: AddressPair) -> Bool {
        guard datagram.byteCount >= 4, index.hasTunnel(addresses) || !plan.needsEncryption(addresses) else {
            return false
        }
        return index.carriesESP(
            addresses, sourcePort: datagram.network16(at: 0), destinationPort: datagram.network16(at: 2))
    }

    mutating func fail(
        _ kind: DecryptionReport.Kind, _ sighting: Sighting, _ header: ESPHeader? = nil, detail: String
    ) {
        report[kind] += 1
        report.note(DecryptionReport.Failure(kind, sighting, header, detail: detail))
    }
}
