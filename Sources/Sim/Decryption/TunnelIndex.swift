import Model

/// Finds a plan's states by what a packet shows, in constant time.
struct TunnelIndex {
    /// Indexes of associations.
    private var states: [XFRMState.ID: [Int]] = [:]
    /// Between whom there are states, and whether one of them is of ESP in UDP.
    private var ends: [AddressPair: Bool] = [:]
    /// Where receivers take ESP in UDP, beside the usual port.
    private var receivers: Set<SocketAddress> = []

    init(_ associations: [DecryptionPlan.Association]) {
        for (index, state) in associations.enumerated() {
            states[XFRMState.ID(destination: state.destination, spi: state.spi), default: []].append(index)
            let pair = AddressPair(source: state.source, destination: state.destination)
            ends[pair] = ends[pair] == true || !state.receivingPorts.isEmpty
            for port in state.receivingPorts { receivers.insert(SocketAddress(state.destination, port: port)) }
        }
    }

    /// The states that a packet may be of. As Linux finds them, without the source; of several, those of its source.
    func states(of spi: SPI, _ addresses: AddressPair, in associations: [DecryptionPlan.Association]) -> [Int] {
        let found = states[XFRMState.ID(destination: addresses.destination, spi: spi)] ?? []
        let ofSource = found.filter { associations[$0].source == addresses.source }
        return ofSource.isEmpty ? found : ofSource
    }

    /// Whether a state is between the two.
    func hasTunnel(_ addresses: AddressPair) -> Bool { ends[addresses] != nil }

    /// Whether a state of ESP in UDP is between the two.
    func hasTunnelInUDP(_ addresses: AddressPair) -> Bool { ends[addresses] == true }

    /// Whether one end of a UDP packet is where ESP in UDP is received: on the usual port, or on that of a state.
    func carriesESP(_ addresses: AddressPair, sourcePort: UInt16, destinationPort: UInt16) -> Bool {
        if sourcePort == UDPEncapsulation.port || destinationPort == UDPEncapsulation.port { return true }
        return !receivers.isEmpty
            && (receivers.contains(SocketAddress(addresses.destination, port: destinationPort))
                || receivers.contains(SocketAddress(addresses.source, port: sourcePort)))
    }
}
