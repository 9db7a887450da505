import Crypto
import Model

extension Decryption {
    /// Takes an ESP packet, from its SPI on.
    mutating func takeESP(_ esp: RawSpan, _ sighting: Sighting) throws(CryptoError) {
        let header: ESPHeader
        do throws(ESPFault) {
            header = try ESPHeader(parsing: esp)
        } catch {
            fail(sighting.isCut ? .cut : .malformedESP, sighting, detail: error.rawValue)
            return
        }
        let states = index.states(of: header.spi, sighting.addresses, in: plan.associations)
        guard let first = states.first else {
            takeStranger(header, esp, sighting)
            return
        }
        for state in states where opened[state] == nil {
            opened[state] = try OpenedAssociation(plan.associations[state])
        }
        guard !sighting.isCut else {
            opened[first]?.countClosed(isBadICV: false)
            fail(.cut, sighting, header, detail: "the ICV cannot be checked")
            return
        }
        var fault = ESPFault.badICV
        for state in states {
            do throws(ESPFault) {
                guard let found = try opened[state]?.open(esp, header, into: &inner) else { continue }
                count(found.number, found.nextHeader, header, esp, of: state, sighting)
                return
            } catch {
                if error != .badICV { fault = error }
            }
        }
        opened[first]?.countClosed(isBadICV: fault == .badICV)
        fail(fault == .badICV ? .badICV : .malformedESP, sighting, header, detail: fault.rawValue)
    }

    /// Takes note of a packet that was decrypted into `inner`.
    private mutating func count(
        _ number: UInt64, _ nextHeader: IPProtocol, _ header: ESPHeader, _ esp: RawSpan, of state: Int,
        _ sighting: Sighting
    ) {
        let inner = self.inner
        // Bytes have no padding that could be uninitialized.
        let packet = unsafe inner.span.bytes
        recent.insert(packet, number: self.number)
        var isSame = true
        if verifies {
            isSame =
                opened[state]?.reseals(esp, packet, number: number, nextHeader: nextHeader, buffer: &sealed) ?? true
        }
        let kind = opened[state]?.countOpened(number, byteCount: packet.byteCount, isSame: isSame) ?? .decrypted
        switch kind {
        case .replay: fail(.replay, sighting, header, detail: "")
        case .different: fail(.different, sighting, header, detail: "its padding is not 1 2 3 ...")
        default: report[kind] += 1
        }
    }

    private mutating func takeStranger(_ header: ESPHeader, _ esp: RawSpan, _ sighting: Sighting) {
        let (source, destination) = (sighting.addresses.source, sighting.addresses.destination)
        let reason = plan.foreign.first { $0.destination == destination && $0.spi == header.spi }?.reason
        fail(reason == nil ? .unknownSPI : .foreign, sighting, header, detail: reason ?? "")
        report.add(
            DecryptionReport.Stranger(
                source: source, destination: destination, spi: header.spi, reason: reason, packetCount: 1,
                byteCount: UInt64(esp.byteCount), firstSequence: header.sequence, lastSequence: header.sequence))
    }
}
