import Model

/// A program connects.
public struct Connect: Hashable, Sendable {
    /// Whose program.
    public enum Caller: Hashable, Sendable {
        /// A pod or another workload, or an owner of pods (its first one calls).
        case workload(Located<String>)
        /// A process of the node itself, outside every pod.
        case nodeProcess(node: Located<String>)

        /// The workload's or the node's name.
        public var name: Located<String> {
            switch self {
            case .workload(let name), .nodeProcess(node: let name): name
            }
        }
    }

    /// What kind of socket.
    public enum Transport: String, Hashable, Sendable, CaseIterable {
        case tcp, udp
    }

    /// The socket's family and the address that it is given.
    public enum Addressing: Hashable, Sendable {
        /// The target is a name, and the first of its addresses decides.
        case ofTarget
        /// An IPv4 socket and address.
        case v4
        /// An IPv6 socket and address.
        case v6
        /// An IPv6 socket that calls an IPv4 address as `::ffff:a.b.c.d`. A literal target holds the IPv4 address.
        case mapped
    }

    /// What becomes of the socket.
    public enum SocketUse: Hashable, Sendable {
        /// A new one, forgotten after the step.
        case once
        /// A new one that later steps know by a name; connects once.
        case keep(Located<String>)
        /// One that an earlier step kept, of the same caller, transport and (as far as the file tells) family.
        case reuse(Located<String>)
    }

    /// Also filled in when a socket is reused.
    public var caller: Caller
    /// A mapped literal is unmapped, and `addressing` says so.
    public var target: Located<Target>
    /// Also filled in when a socket is reused.
    public var transport: Transport
    /// As far as the file tells: literals and reused sockets are taken into account.
    public var addressing: Addressing
    /// How many times, 1…1,000,000; each time a new socket, unless one is reused.
    public var repeatCount: Int
    /// Under which name, if any, the socket is known.
    public var socket: SocketUse

    /// The largest `repeatCount`.
    public static let repeatLimit = 1_000_000
}

extension Connect {
    /// The family of the socket itself, nil while only the runner can know.
    public var socketFamily: AddressFamily? {
        switch addressing {
        case .ofTarget: nil
        case .v4: .v4
        case .v6, .mapped: .v6
        }
    }
}
