import Model

/// Where a packet was seen, and between whom.
struct Sighting {
    var addresses: AddressPair
    var place: DecryptionReport.Place
    /// Whether the capture does not have all of it.
    var isCut: Bool
}

extension DecryptionReport.Failure {
    init(_ kind: DecryptionReport.Kind, _ sighting: Sighting, _ header: ESPHeader? = nil, detail: String) {
        self.init(
            kind: kind, place: sighting.place, source: sighting.addresses.source,
            destination: sighting.addresses.destination, spi: header?.spi, sequence: header?.sequence, detail: detail)
    }
}
