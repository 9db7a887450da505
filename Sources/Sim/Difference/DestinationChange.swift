public import Model

/// Connections that go other ways after a change of the mesh, and why.
public struct DestinationChange: Hashable, Sendable {
    /// What is connected to.
    public struct Subject: Hashable, Sendable {
        /// Who has the address, after the change where anybody has; else before it.
        public var owner: DestinationCause.Object
        /// In order.
        public var addresses: [IPAddress]
    }

    /// What kind of socket connects.
    public enum Socket: Int, Hashable, Sendable {
        case any
        /// An IPv6 socket that calls an IPv4 address as `::ffff:a.b.c.d`.
        case mapped
    }

    /// Ordered by owner.
    public var subjects: [Subject]
    /// IPv4 sockets ask the DNS proxy at port 53, and never get to a service: for them all ports, and all but some, leave
    /// it out.
    public var ports: PortSet
    public var socket: Socket
    public var clients: DifferenceClients
    public var before: Ways
    public var after: Ways
    /// What of the mesh decides it, never empty; an object that is nil is the subject itself.
    public var causes: [DestinationCause]
}

extension DestinationCause.Object: Comparable {
    /// Services, workloads, then addresses that nobody has.
    public static func < (a: DestinationCause.Object, b: DestinationCause.Object) -> Bool { a.sortKey < b.sortKey }

    private var sortKey: (Int, String, IPAddress) {
        switch self {
        case .service(let name): (0, name, .anyV4)
        case .workload(let uid): (1, uid.text, .anyV4)
        case .address(let address): (2, "", address)
        }
    }
}
