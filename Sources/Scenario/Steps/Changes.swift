import Inputs
import Model

/// An object changes by a JSON merge patch (RFC 7386).
public struct Patch: Sendable {
    /// What changes.
    public var object: Located<ObjectReference>
    /// A mapping that is not empty; null removes a key.
    public var merge: DocumentNode
}

/// Workloads fall ill or recover. No workload does both.
public struct HealthChange: Hashable, Sendable {
    /// Names, none twice; empty when only `healthy` has some.
    public var unhealthy: [Located<String>]
    /// Names, none twice; empty when only `unhealthy` has some.
    public var healthy: [Located<String>]
}

/// Workloads or a node are somewhere else from now on.
public enum Move: Hashable, Sendable {
    /// Workloads run on another node. Not empty, no name twice.
    case workloads([Located<String>], toNode: Located<String>)
    /// Workloads stay where they are, their locality changes. Not empty, no name twice.
    case workloadLocality([Located<String>], LocalityChange)
    /// A node's locality changes.
    case node(Located<String>, LocalityChange)
}

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

/// Pods of owners (Deployments and the like) are replaced one after the other.
public struct Restart: Hashable, Sendable {
    /// In which order a pod is replaced.
    public enum Order: Hashable, Sendable {
        /// The new pod is ready before the old one goes.
        case newBeforeOld
        /// The old pod goes first.
        case oldBeforeNew
    }

    /// Not empty, no name twice.
    public var owners: [Located<String>]
    /// The same for every pod.
    public var order: Order
}

/// Entries of the maps change behind the compiler's back.
public struct MapWrites: Sendable {
    /// One entry. Keys and values are text that the runner understands.
    public enum Write: Sendable {
        case delete(MapName, key: Located<String>)
        case put(MapName, key: Located<String>, value: DocumentNode)
    }

    /// nil means every node.
    public var node: Located<String>?
    /// Not empty; deletions first, then file order.
    public var writes: [Write]
}
