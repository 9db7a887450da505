/// An address in a named network; the default network has an empty name.
public struct NetworkAddress: Hashable, Sendable {
    public var network: String
    public var address: IPAddress

    public init(network: String = "", _ address: IPAddress) {
        self.network = network
        self.address = address
    }
}

extension NetworkAddress: CustomStringConvertible {
    /// `network/address`, the form of ztunnel's and Kmesh's dumps; the default network gives `/address`.
    public var description: String { "\(network)/\(address)" }
}

/// A waypoint: where traffic of a service or a workload goes first.
public struct Gateway: Hashable, Sendable {
    /// How the waypoint is named.
    public indirect enum Destination: Hashable, Sendable {
        case address(NetworkAddress)
        /// The name of the waypoint's service; the resource waits until that service is known.
        case service(ServiceName)
    }

    public var destination: Destination
    /// The port of the waypoint, host order (`hbone_mtls_port`).
    public var port: UInt16

    public init(_ destination: Destination, port: UInt16 = Gateway.defaultPort) {
        self.destination = destination
        self.port = port
    }

    /// The HBONE port, used where an input gives none.
    public static let defaultPort: UInt16 = 15008
    /// The port on which Kmesh's waypoints take traffic: the target of every port of a waypoint service.
    public static let kmeshPort: UInt16 = 15019
}
