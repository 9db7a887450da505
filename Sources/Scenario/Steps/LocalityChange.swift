import Model

/// The parts of a locality that change, at least one; nil stays as it is, empty text means unknown.
public struct LocalityChange: Hashable, Sendable {
    /// nil: unchanged.
    public let region: String?
    /// nil: unchanged.
    public let zone: String?
    /// nil: unchanged.
    public let subzone: String?

    /// - Returns: nil when nothing changes.
    public init?(region: String?, zone: String?, subzone: String?) {
        guard region != nil || zone != nil || subzone != nil else { return nil }
        self.region = region
        self.zone = zone
        self.subzone = subzone
    }

    /// The locality after the change.
    public func applied(to locality: Locality) -> Locality {
        Locality(
            region: region ?? locality.region, zone: zone ?? locality.zone, subzone: subzone ?? locality.subzone)
    }
}
