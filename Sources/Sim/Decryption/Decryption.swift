public import Crypto
public import Model

/// Decrypts what a capture shows of the wire between nodes, packet by packet, and takes account.
///
/// Memory is bounded, but for one entry for each state that is met.
public struct Decryption {
    /// A state that packets were met of.
    struct Opened {
        let association: DecryptionPlan.Association
        let cipher: ESPCipher
        /// Tells the half of extended sequence numbers that is not sent; nil before the first packet.
        var window: ReplayWindow?
        var record: DecryptionReport.Association
    }

    /// How many packets that were decrypted last are known again when they follow in clear.
    private static let copyLimit = 64

    private let plan: DecryptionPlan
    private let verifies: Bool
    private let byDestination: [XFRMState.ID: [Int]]
    /// Beside the plan's associations.
    var opened: [Opened?]
    private var fragments = FragmentStore()
    private var report = DecryptionReport()
    private var inner: [UInt8] = []
    private var sealed: [UInt8] = []
    private var lately = [UInt64](repeating: 0, count: copyLimit)
    private var latelyCount = 0

    /// - Parameter verifies: Whether each packet is encrypted again and compared.
    public init(_ plan: DecryptionPlan, verifies: Bool) {
        self.plan = plan
        self.verifies = verifies
        var table: [XFRMState.ID: [Int]] = [:]
        for (index, state) in plan.associations.enumerated() {
            table[XFRMState.ID(destination: state.destination, spi: state.spi), default: []].append(index)
        }
        byDestination = table
        opened = plan.associations.map { _ in nil }
    }

    /// Takes a frame that carries no IP, or in which nothing can be found.
    public mutating func takeOther(isMalformed: Bool = false) { report[isMalformed ? .malformed : .otherProtocol] += 1 }

    /// Takes an IP packet.
    /// - Parameters:
    ///   - packet: From the IP header to the end of what was captured.
    ///   - isCut: Whether the capture does not have all of it.
    public mutating func take(
        _ packet: RawSpan, _ etherType: EtherType, at place: DecryptionReport.Place, isCut: Bool
    ) throws(CryptoError) {
        let layer: TransportLayer
        do throws(PacketFault) {
            layer = try TransportLayer(of: packet, etherType, isCut: isCut)
        } catch {
            takeMalformed(packet, etherType, error, at: place)
            return
        }
        if let fragment = layer.fragment {
            if isTunnel(layer) {
                try take(fragment, of: layer, packet, at: place)
            } else {
                takeClear(packet, layer, at: place)
            }
            return
        }
        try take(packet.extracting(layer.range), of: layer, packet, at: place, fragmentCount: 1)
    }

    /// What was found, after the last packet.
    public consuming func finished() -> DecryptionReport {
        fragments.finish()
        report[.incomplete] += fragments.lostFragmentCount
        report.associations = opened.compactMap { $0?.record }.filter { $0.packetCount > 0 }
        return report
    }

    // MARK: Layers

    /// Takes a packet whose headers contradict it: of ESP it is a failure, of anything else not what is asked for.
    private mutating func takeMalformed(
        _ packet: RawSpan, _ etherType: EtherType, _ fault: PacketFault, at place: DecryptionReport.Place
    ) {
        guard let addresses = TransportLayer.addressesOfESP(packet, etherType) else {
            report[.malformed] += 1
            return
        }
        report[.malformedESP] += 1
        note(
            .init(
                kind: .malformedESP, place: place, source: addresses.source, destination: addresses.destination,
                detail: fault.rawValue))
    }

    /// Whether a fragment may be one of ESP: of UDP the ports stand in the first one only, so the ends decide.
    private func isTunnel(_ layer: TransportLayer) -> Bool {
        if layer.next == .esp { return true }
        return layer.next == .udp
            && plan.associations.contains { state in
                state.destination == layer.addresses.destination && state.source == layer.addresses.source
            }
    }

    private mutating func take(
        _ fragment: FragmentField, of layer: TransportLayer, _ packet: RawSpan, at place: DecryptionReport.Place
    ) throws(CryptoError) {
        guard !layer.isCut else {
            fail(.cut, layer, at: place, detail: "a fragment")
            return
        }
        let key = FragmentStore.Key(
            addresses: layer.addresses, identification: fragment.identification, protocolNumber: layer.next)
        let lostBefore = fragments.lostPacketCount
        let whole = fragments.add(
            packet.extracting(layer.range), of: key, at: fragment.byteOffset, isLast: !fragment.hasMore)
        if fragments.lostPacketCount > lostBefore {
            note(
                DecryptionReport.Failure(.incomplete, layer, place, detail: "a fragment that does not fit, or too many")
            )
        }
        guard let whole else { return }
        report[.fragment] += UInt64(whole.fragmentCount - 1)
        // Bytes have no padding that could be uninitialized.
        try take(
            unsafe whole.data.span.bytes, of: layer, packet, at: place, fragmentCount: whole.fragmentCount)
    }

    /// - Parameter payload: What follows the IP headers.
    private mutating func take(
        _ payload: RawSpan, of layer: TransportLayer, _ packet: RawSpan, at place: DecryptionReport.Place,
        fragmentCount: Int
    ) throws(CryptoError) {
        switch layer.next {
        case .esp: try takeESP(payload, of: layer, at: place)
        case .udp:
            guard let content = ESPInUDP(payload, isCut: layer.isCut) else {
                takeClear(packet, layer, at: place)
                return
            }
            switch content {
            case .keepalive: report[.keepalive] += 1
            case .keyExchange: report[.keyExchange] += 1
            case .esp(let range): try takeESP(payload.extracting(range), of: layer, at: place)
            }
        default: takeClear(packet, layer, at: place)
        }
    }

    private mutating func takeClear(_ packet: RawSpan, _ layer: TransportLayer, at place: DecryptionReport.Place) {
        guard needsEncryption(layer.addresses) else {
            let isQuote = layer.addressesQuoted(in: packet).map(needsEncryption) ?? false
            report[isQuote ? .quote : .clear] += 1
            return
        }
        if !layer.isCut, isKnown(packet.extracting(0..<layer.range.upperBound)) {
            report[.copy] += 1
            return
        }
        report[.leak] += 1
        let byteCount = UInt64(layer.range.upperBound)
        let known = report.leaks.firstIndex {
            $0.source == layer.addresses.source && $0.destination == layer.addresses.destination
        }
        if let known {
            report.leaks[known].packetCount += 1
            report.leaks[known].byteCount += byteCount
        } else if report.leaks.count < DecryptionReport.pairLimit {
            report.leaks.append(
                .init(
                    source: layer.addresses.source, destination: layer.addresses.destination, packetCount: 1,
                    byteCount: byteCount, first: place))
        }
    }

    /// Whether packets between two addresses go from the pods of one node to those of another.
    private func needsEncryption(_ addresses: AddressPair) -> Bool {
        guard let source = plan.owner(of: addresses.source), let destination = plan.owner(of: addresses.destination)
        else { return false }
        return source != destination
    }

    // MARK: ESP

    private mutating func takeESP(
        _ esp: RawSpan, of layer: TransportLayer, at place: DecryptionReport.Place
    ) throws(CryptoError) {
        let header: ESPHeader
        do throws(ESPFault) {
            header = try ESPHeader(parsing: esp)
        } catch {
            fail(layer.isCut ? .cut : .malformedESP, layer, at: place, detail: error.rawValue)
            return
        }
        let id = XFRMState.ID(destination: layer.addresses.destination, spi: header.spi)
        guard let candidates = byDestination[id] else {
            takeStranger(header, esp, layer, at: place)
            return
        }
        // As Linux, take the state without looking at the source; of several, the one that fits is it.
        let ofSource = candidates.filter { plan.associations[$0].source == layer.addresses.source }
        let chosen = ofSource.isEmpty ? candidates : ofSource
        for index in chosen where try open(index) == nil { preconditionFailure("state \(index) was just opened") }
        guard !layer.isCut else {
            change(chosen[0]) { $0.record.packetCount += 1 }
            fail(.cut, layer, header, at: place, detail: "the ICV cannot be checked")
            return
        }
        var fault = ESPFault.badICV
        for index in chosen {
            switch tryOpening(esp, header, with: index) {
            case .success(let (number, nextHeader)):
                account(number, nextHeader, header, esp, layer, index, at: place)
                return
            case .failure(let reason): fault = reason
            }
        }
        change(chosen[0]) { state in
            state.record.packetCount += 1
            if fault == .badICV { state.record.badICVCount += 1 }
        }
        fail(fault == .badICV ? .badICV : .malformedESP, layer, header, at: place, detail: fault.rawValue)
    }

    /// Makes the cipher of a state where there is none yet.
    private mutating func open(_ index: Int) throws(CryptoError) -> Opened? {
        if opened[index] == nil {
            let state = plan.associations[index]
            opened[index] = Opened(
                association: state,
                cipher: try ESPCipher(state.key, extendedSequence: state.hasExtendedSequence),
                record: .init(
                    source: state.source, destination: state.destination, spi: state.spi,
                    replayWindow: state.replayWindow, hasExtendedSequence: state.hasExtendedSequence))
        }
        return opened[index]
    }

    private mutating func change(_ index: Int, _ body: (inout Opened) -> Void) {
        guard var state = opened[index] else { return }
        opened[index] = nil
        body(&state)
        opened[index] = state
    }

    /// Decrypts into `inner`, under each number that the packet may have.
    private mutating func tryOpening(
        _ esp: RawSpan, _ header: ESPHeader, with index: Int
    ) -> Result<(number: UInt64, nextHeader: IPProtocol), ESPFault> {
        guard let state = opened[index] else { return .failure(.badICV) }
        var fault = ESPFault.badICV
        for high in state.highHalves(of: header.sequence) {
            do throws(ESPFault) {
                let next = try state.cipher.open(esp, sequenceHigh: high, into: &inner)
                return .success((UInt64(high) << 32 | UInt64(header.sequence), next))
            } catch {
                fault = error
            }
        }
        return .failure(fault)
    }

    /// Takes note of a packet that was decrypted.
    private mutating func account(
        _ number: UInt64, _ nextHeader: IPProtocol, _ header: ESPHeader, _ esp: RawSpan, _ layer: TransportLayer,
        _ index: Int, at place: DecryptionReport.Place
    ) {
        var isNew = false
        var isSame = true
        let isVerified = verifies
        let (inner, byteCount) = (self.inner, UInt64(self.inner.count))
        var sealed = self.sealed
        change(index) { state in
            isNew = state.record.numbers.insert(number)
            state.record.packetCount += 1
            state.record.byteCount += byteCount
            state.advance(to: number)
            if isVerified {
                // Bytes have no padding that could be uninitialized.
                state.cipher.seal(
                    unsafe inner.span.bytes, nextHeader: nextHeader, spi: header.spi, sequence: number,
                    iv: esp.network64(at: ESPHeader.byteCount), into: &sealed)
                isSame = esp.holdsSame(as: sealed)
            }
            if !isNew {
                state.record.replayCount += 1
            } else if !isSame {
                state.record.differentCount += 1
            } else {
                state.record.decryptedCount += 1
            }
        }
        self.sealed = sealed
        remember()
        if !isNew {
            fail(.replay, layer, header, at: place, detail: "")
        } else if !isSame {
            fail(.different, layer, header, at: place, detail: "its padding is not 1 2 3 ...")
        } else {
            report[.decrypted] += 1
        }
    }

    private mutating func takeStranger(
        _ header: ESPHeader, _ esp: RawSpan, _ layer: TransportLayer, at place: DecryptionReport.Place
    ) {
        let reason = plan.foreign.first {
            $0.destination == layer.addresses.destination && $0.spi == header.spi
        }?.reason
        fail(reason == nil ? .unknownSPI : .foreign, layer, header, at: place, detail: reason ?? "")
        let known = report.strangers.firstIndex {
            $0.spi == header.spi && $0.destination == layer.addresses.destination
                && $0.source == layer.addresses.source
        }
        let index = known ?? report.strangers.count
        if known == nil {
            guard report.strangers.count < DecryptionReport.pairLimit else { return }
            report.strangers.append(
                .init(
                    source: layer.addresses.source, destination: layer.addresses.destination, spi: header.spi,
                    reason: reason, firstSequence: header.sequence, lastSequence: header.sequence))
        }
        report.strangers[index].packetCount += 1
        report.strangers[index].byteCount += UInt64(esp.byteCount)
        report.strangers[index].lastSequence = header.sequence
    }

    // MARK: Failures

    private mutating func fail(
        _ kind: DecryptionReport.Kind, _ layer: TransportLayer, _ header: ESPHeader? = nil,
        at place: DecryptionReport.Place, detail: String
    ) {
        report[kind] += 1
        note(DecryptionReport.Failure(kind, layer, place, header, detail: detail))
    }

    private mutating func note(_ failure: DecryptionReport.Failure) {
        if report.failures.count < DecryptionReport.failureLimit { report.failures.append(failure) }
    }

    // MARK: Copies

    /// Keeps what tells the inner packet from others.
    private mutating func remember() {
        // Bytes have no padding that could be uninitialized.
        lately[latelyCount % Self.copyLimit] = unsafe inner.span.bytes.digest
        latelyCount += 1
    }

    /// Whether the packet was decrypted lately: on a node's own interface both forms are seen.
    private func isKnown(_ packet: RawSpan) -> Bool {
        let digest = packet.digest
        return lately.prefix(latelyCount).contains(digest)
    }
}

extension DecryptionReport.Failure {
    init(
        _ kind: DecryptionReport.Kind, _ layer: TransportLayer, _ place: DecryptionReport.Place,
        _ header: ESPHeader? = nil, detail: String
    ) {
        self.init(
            kind: kind, place: place, source: layer.addresses.source, destination: layer.addresses.destination,
            spi: header?.spi, sequence: header?.sequence, detail: detail)
    }
}

extension Decryption.Opened {
    /// What the half that is not sent may be: the likeliest first. Before the first packet that is what a listing shows
    /// and what is around it, and the beginning.
    func highHalves(of sequence: UInt32) -> [UInt32] {
        guard association.hasExtendedSequence else { return [0] }
        if let window { return [UInt32(truncatingIfNeeded: window.number(of: sequence) >> 32)] }
        let shown = UInt32(truncatingIfNeeded: association.highest >> 32)
        return [shown, shown &- 1, 0, shown &+ 1]
    }

    /// Moves the window of extended numbers. It is wide, for the capture may have been made in front of a queue.
    mutating func advance(to number: UInt64) {
        guard association.hasExtendedSequence else { return }
        if window == nil { window = ReplayWindow(size: 1024, isExtended: true, highest: number) }
        window?.advance(to: number)
    }
}

extension RawSpan {
    /// Tells contents apart. Source: FNV-1a, 64 bits.
    fileprivate var digest: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in 0..<byteCount { hash = (hash ^ UInt64(byte(at: index))) &* 0x100_0000_01b3 }
        return hash
    }

    fileprivate func holdsSame(as bytes: [UInt8]) -> Bool {
        byteCount == bytes.count && bytes.indices.allSatisfy { bytes[$0] == byte(at: $0) }
    }
}
