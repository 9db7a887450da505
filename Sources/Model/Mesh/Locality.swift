/// Where a workload or a node runs. Empty text means unknown.
public struct Locality: Hashable, Sendable {
    public var region: String
    public var zone: String
    public var subzone: String

    public init(region: String = "", zone: String = "", subzone: String = "") {
        self.region = region
        self.zone = zone
        self.subzone = subzone
    }

    /// Whether nothing is known.
    public var isEmpty: Bool { region.isEmpty && zone.isEmpty && subzone.isEmpty }
}

extension Locality: CustomStringConvertible {
    /// `region/zone/subzone`, without trailing empty parts.
    public var description: String {
        var parts = [region, zone, subzone]
        while let last = parts.last, last.isEmpty { parts.removeLast() }
        return parts.joined(separator: "/")
    }
}
