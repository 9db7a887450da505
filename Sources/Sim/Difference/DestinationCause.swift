public import Model

/// Something that differs between two meshes, by which connections go other ways.
public struct DestinationCause: Hashable, Sendable {
    /// What differs.
    public enum Object: Hashable, Sendable {
        /// `namespace/hostname`, or an id that has no name.
        case service(String)
        case workload(WorkloadUID)
        case address(IPAddress)
    }

    /// How an endpoint came to be one, or to be none.
    public enum EndpointReason: Int, Hashable, Sendable {
        /// The workload is new, or gone.
        case existence
        case health
        /// The workload belongs to the service now, or no more.
        case membership
        /// The service's wish for unhealthy endpoints.
        case healthPolicy
        /// Nothing of the workload: the order in which things come, room in the maps, a waypoint that is not known.
        case compilation
    }

    /// Why an endpoint has another priority.
    public enum RankReason: Int, Hashable, Sendable {
        /// The endpoint is elsewhere.
        case endpointPlace
        /// The clients are elsewhere, or their node says so.
        case clientPlace
    }

    public enum Change: Hashable, Sendable {
        case added
        case removed
        /// It has the address now, or has it no more.
        case addressGained
        case addressLost
        /// It is in the mesh before and after, and in the maps only after, or only before.
        case published
        case withdrawn
        case waypoint(before: SocketAddress?, after: SocketAddress?)
        case balancing(before: String, after: String)
        /// The pods' port of one of the service's ports; nil where it is not listed.
        case port(UInt16, before: UInt16?, after: UInt16?)
        case endpointsAdded([WorkloadUID], EndpointReason)
        case endpointsRemoved([WorkloadUID], EndpointReason)
        case endpointsRanked([WorkloadUID], RankReason)
        /// The endpoints' addresses.
        case endpointsMoved([WorkloadUID])
        case endpointsWaypoint([WorkloadUID])
        /// Another workload has the address.
        case owner(before: WorkloadUID?, after: WorkloadUID?)
        /// The DNS proxy is another one, or there is none.
        case proxy
        /// Nothing of the mesh that concerns it alone: the order in which things come, or room in the maps.
        case compilation
    }

    /// Nil for what is connected to itself.
    public var object: Object?
    public var change: Change

    init(_ object: Object?, _ change: Change) {
        self.object = object
        self.change = change
    }
}
