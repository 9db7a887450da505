public import Model

/// Names a socket, listeners included. Numbers are not used again.
public struct SocketNumber: Hashable, Sendable, WireValue {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}
extension SocketNumber: RawRepresentable {}

/// Names a network namespace.
public struct NamespaceNumber: Hashable, Sendable, WireValue, RawRepresentable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Where the helper was started.
    public static let original = NamespaceNumber(rawValue: 0)
}

/// Names a program that runs in the background.
public struct ProgramNumber: Hashable, Sendable, WireValue, RawRepresentable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// TCP or UDP.
public enum Transport: UInt8, Hashable, Sendable, WireValue { case tcp, udp }

/// How a connection ends.
public enum Ending: UInt8, Hashable, Sendable, WireValue {
    /// FIN from the named end, then from its peer.
    case graceful
    /// RST from the named end.
    case reset
    /// The named end's descriptor is closed at once, which sends FIN; then FIN from its peer.
    case abandoned
}

/// What the helper does. A message is the command's number (u8), then its values in the order in which they stand
/// here. The answer is an error number (i32, 0 = done), then the reply's values if it is 0.
public enum DriverRequest: Hashable, Sendable {
    /// Moves the helper into a cgroup. Sockets belong to the cgroup in which they were made.
    case joinCgroup(directory: String)
    /// Which pinned map holds the sockets' storage (km_sockstorage).
    case useStorageMap(path: String)
    /// Reply: `NamespaceMade`.
    case makeNamespace(isEveryAddressLocal: Bool)
    /// Opens a namespace by path (`/proc/PID/ns/net`). Reply: `NamespaceMade`.
    case enterNamespace(path: String)
    /// Closes the sockets of a namespace and the namespace.
    case leaveNamespace(NamespaceNumber)
    /// Listens on each port, on both families' wildcard addresses. Reply: for each port the IPv4 and the IPv6 socket.
    case listen(NamespaceNumber, Transport, ports: [UInt16])
    /// Reply: `ConnectOutcome`.
    case connect(ConnectRequest)
    /// Undoes the connect of a socket; its peer is closed. The socket can connect again.
    case disconnect(SocketNumber)
    /// Takes a connection that a listener has. Reply: `AcceptedEnd`.
    case accept(SocketNumber, timeoutMilliseconds: UInt32)
    /// Reply: u32, how many bytes were sent.
    case send(SocketNumber, [UInt8])
    /// Waits until `byteCount` bytes are there (`isExact`), or any. Reply: the bytes; fewer at the end of the stream.
    case receive(SocketNumber, byteCount: UInt32, isExact: Bool, timeoutMilliseconds: UInt32)
    /// Sends on one socket and receives at another until all is there, and what more comes at once. Reply: the bytes.
    case transfer(SocketNumber, to: SocketNumber, [UInt8])
    /// Replaces what the programs remember of a socket. Reply: nothing.
    case setStorage(SocketNumber, [UInt8])
    /// Closes a socket and, of a connection, its peer, after both have reached the TCP state CLOSE.
    case close(SocketNumber, Ending)
    /// An unconnected UDP socket. Reply: its number.
    case openDatagramSocket(NamespaceNumber, AddressFamily, localEnd: SocketAddress?)
    /// Sends from the address of `source`, if given; its port must be the socket's or 0. Reply: u32, bytes sent.
    case sendDatagram(SocketNumber, [UInt8], to: SocketAddress?, source: SocketAddress?)
    /// Reply: `Datagram`.
    case receiveDatagram(SocketNumber, timeoutMilliseconds: UInt32)
    /// Reply: `SocketState`.
    case state(SocketNumber)
    /// Reply: `HammerOutcome`.
    case hammer(HammerRequest)
    /// Runs a program and waits. Reply: `ProgramOutcome`.
    case run(NamespaceNumber, [String], input: [UInt8], timeoutMilliseconds: UInt32)
    /// Starts a program that is killed at the end. Reply: its number.
    case start(NamespaceNumber, [String])
    /// What a background program has written so far, and whether it has ended. Reply: `ProgramOutcome`.
    case look(ProgramNumber)
    /// Ends a background program: SIGTERM, after 2 s SIGKILL. Reply: `ProgramOutcome`.
    case stop(ProgramNumber)
}

/// A connect with everything around it, in one round trip.
public struct ConnectRequest: Hashable, Sendable {
    public var namespace = NamespaceNumber.original
    /// A socket that was made before; namespace, family and transport are not looked at then.
    public var socket: SocketNumber?
    /// The socket's family. Of an IPv6 socket, an IPv4 destination is mapped.
    public var family = AddressFamily.v4
    public var transport = Transport.tcp
    public var destination: SocketAddress
    /// What the socket is bound to before, if anything.
    public var localEnd: SocketAddress?
    /// The namespace in which a listener of ours, if there is one, accepts the connection before the reply.
    public var acceptingNamespace: NamespaceNumber?
    /// Whether and how the connection is closed before the reply.
    public var ending: Ending?
    public var timeoutMilliseconds: UInt32 = 2000

    public init(to destination: SocketAddress) { self.destination = destination }

    /// A TCP connect within a namespace, by a socket of the destination's family, accepted by our listener.
    public init(to destination: SocketAddress, in namespace: NamespaceNumber, ending: Ending? = nil) {
        self.init(to: destination)
        self.namespace = namespace
        family = destination.address.family
        acceptingNamespace = namespace
        self.ending = ending
    }
}

/// Connects many times, each connection reset.
public struct HammerRequest: Hashable, Sendable {
    public var namespace = NamespaceNumber.original
    public var family = AddressFamily.v4
    /// Taken in turn.
    public var destinations: [SocketAddress]
    public var count: UInt32
    /// As in `ConnectRequest`.
    public var acceptingNamespace: NamespaceNumber?
    /// Whether the outcome tells of each connect.
    public var isTraced = false

    public init(to destinations: [SocketAddress], count: Int) {
        self.destinations = destinations
        self.count = UInt32(count)
    }
}
