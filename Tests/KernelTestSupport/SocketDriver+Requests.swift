public import Model
public import SocketDriverProtocol

/// The two sockets that listen on a port.
public struct ListeningPair: Hashable, Sendable {
    public var v4: SocketNumber
    public var v6: SocketNumber

    public subscript(family: AddressFamily) -> SocketNumber { family == .v4 ? v4 : v6 }
}

// What the helper does on request; `DriverRequest` says more of each. All throw when the call fails, except that a
// connect that fails is an outcome.
extension SocketDriver {
    // MARK: Surroundings

    /// Moves the helper into a cgroup: before it makes sockets, because they stay where they were made.
    public mutating func joinCgroup(_ directory: String) throws(DriverError) {
        try perform(.joinCgroup(directory: directory))
    }

    /// From now on states of sockets tell what this pinned map (km_sockstorage) holds of them.
    public mutating func useStorageMap(_ path: String) throws(DriverError) { try perform(.useStorageMap(path: path)) }

    /// A namespace with nothing but the loopback device.
    /// - Parameter isEveryAddressLocal: Whether every address of both families belongs to it: connects to any address
    ///   meet its wildcard listeners.
    public mutating func makeNamespace(isEveryAddressLocal: Bool = true) throws(DriverError) -> NamespaceMade {
        try value(.makeNamespace(isEveryAddressLocal: isEveryAddressLocal))
    }

    /// A namespace that somebody else made, such as `/proc/1/ns/net`.
    public mutating func enterNamespace(path: String) throws(DriverError) -> NamespaceMade {
        try value(.enterNamespace(path: path))
    }

    public mutating func leaveNamespace(_ namespace: NamespaceNumber) throws(DriverError) {
        try perform(.leaveNamespace(namespace))
    }

    // MARK: TCP

    /// Listens on all addresses of both families.
    public mutating func listen(
        on ports: [UInt16], _ transport: Transport = .tcp, in namespace: NamespaceNumber
    ) throws(DriverError) -> [UInt16: ListeningPair] {
        let sockets: [SocketNumber] = try value(.listen(namespace, transport, ports: ports))
        var pairs: [UInt16: ListeningPair] = [:]
        for (index, port) in ports.enumerated() {
            pairs[port] = ListeningPair(v4: sockets[2 * index], v6: sockets[2 * index + 1])
        }
        return pairs
    }

    /// Connects. If a listener of ours is there, the outcome has the accepted socket.
    public mutating func connect(_ request: ConnectRequest) throws(DriverError) -> ConnectOutcome {
        try value(.connect(request))
    }

    /// Undoes the connect of a socket, which can connect again; a TCP connection is reset and its peer closed.
    public mutating func disconnect(_ socket: SocketNumber) throws(DriverError) { try perform(.disconnect(socket)) }

    /// A connection that was not made by `connect`, such as that of a program.
    public mutating func accept(
        _ listener: SocketNumber, timeoutMilliseconds: UInt32 = 2000
    ) throws(DriverError) -> AcceptedEnd {
        try value(.accept(listener, timeoutMilliseconds: timeoutMilliseconds))
    }

    /// - Returns: How many bytes the kernel took within 2 s.
    @discardableResult
    public mutating func send(_ bytes: [UInt8], on socket: SocketNumber) throws(DriverError) -> Int {
        let count: UInt32 = try value(.send(socket, bytes))
        return Int(count)
    }

    /// Waits for the next bytes.
    /// - Returns: At most `limit`; none at the end of the stream.
    /// - Throws: ETIMEDOUT when nothing came.
    public mutating func receive(
        atMost limit: Int, on socket: SocketNumber, timeoutMilliseconds: UInt32 = 2000
    ) throws(DriverError) -> [UInt8] {
        try value(
            .receive(
                socket, byteCount: UInt32(limit), isExact: false, timeoutMilliseconds: timeoutMilliseconds))
    }

    /// Waits until `count` bytes have come.
    /// - Returns: Fewer when the stream or the time ended before.
    /// - Throws: ETIMEDOUT when nothing came.
    public mutating func receive(
        exactly count: Int, on socket: SocketNumber, timeoutMilliseconds: UInt32 = 2000
    ) throws(DriverError) -> [UInt8] {
        try value(
            .receive(socket, byteCount: UInt32(count), isExact: true, timeoutMilliseconds: timeoutMilliseconds))
    }

    /// Sends on one end of a connection and receives at the other, also more than the kernel holds.
    /// - Returns: What arrived: what was sent, and what came with it.
    public mutating func transfer(
        _ bytes: [UInt8], from socket: SocketNumber, to peer: SocketNumber
    ) throws(DriverError) -> [UInt8] {
        try value(.transfer(socket, to: peer, bytes))
    }

    /// Replaces what the programs remember of a socket; as many bytes as km_sockstorage_value has.
    public mutating func setStorage(of socket: SocketNumber, to bytes: [UInt8]) throws(DriverError) {
        try perform(.setStorage(socket, bytes))
    }

    /// Closes a socket and, of a connection, its accepted end, and returns when both have reached the state CLOSE.
    public mutating func close(_ socket: SocketNumber, _ ending: Ending = .reset) throws(DriverError) {
        try perform(.close(socket, ending))
    }

    /// Of any socket; it also reads the storage again.
    public mutating func state(of socket: SocketNumber) throws(DriverError) -> SocketState {
        try value(.state(socket))
    }

    // MARK: UDP

    public mutating func openDatagramSocket(
        _ family: AddressFamily = .v4, boundTo localEnd: SocketAddress? = nil, in namespace: NamespaceNumber
    ) throws(DriverError) -> SocketNumber {
        try value(.openDatagramSocket(namespace, family, localEnd: localEnd))
    }

    /// - Parameters:
    ///   - destination: nil of a connected socket.
    ///   - source: The address that the datagram comes from; its port must be the socket's or 0. To answer from
    ///     another port, open a socket that is bound to it.
    public mutating func sendDatagram(
        _ bytes: [UInt8], on socket: SocketNumber, to destination: SocketAddress?, from source: SocketAddress? = nil
    ) throws(DriverError) {
        let _: UInt32 = try value(.sendDatagram(socket, bytes, to: destination, source: source))
    }

    /// The next datagram, with the addresses that the program sees.
    public mutating func receiveDatagram(
        on socket: SocketNumber, timeoutMilliseconds: UInt32 = 2000
    ) throws(DriverError) -> Datagram {
        try value(.receiveDatagram(socket, timeoutMilliseconds: timeoutMilliseconds))
    }

    // MARK: Many connects

    public mutating func hammer(_ request: HammerRequest) throws(DriverError) -> HammerOutcome {
        try value(.hammer(request))
    }

    // MARK: Programs

    /// Runs a program in a namespace and waits; it is killed when the time is up (code 137). Not for `ip netns`.
    public mutating func run(
        _ arguments: [String], input: [UInt8] = [], in namespace: NamespaceNumber, timeoutMilliseconds: UInt32 = 10_000
    ) throws(DriverError) -> ProgramOutcome {
        try value(.run(namespace, arguments, input: input, timeoutMilliseconds: timeoutMilliseconds))
    }

    /// Starts a program that stays in the foreground (`nginx -g 'daemon off;'`).
    public mutating func start(
        _ arguments: [String], in namespace: NamespaceNumber
    ) throws(DriverError) -> ProgramNumber {
        try value(.start(namespace, arguments))
    }

    /// What a started program has written so far.
    public mutating func look(at program: ProgramNumber) throws(DriverError) -> ProgramOutcome {
        try value(.look(program))
    }

    public mutating func stop(_ program: ProgramNumber) throws(DriverError) -> ProgramOutcome {
        try value(.stop(program))
    }
}
