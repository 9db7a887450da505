import CSocketCalls
import Glibc
import Model
import SocketDriverProtocol

extension Driver {
    /// Listens on both families' wildcard addresses; the numbers are IPv4, IPv6 for each port.
    mutating func listen(
        _ namespace: NamespaceNumber, _ transport: Transport, _ ports: [UInt16]
    ) throws(Failure) -> [SocketNumber] {
        var numbers: [SocketNumber] = []
        for port in ports {
            for family in AddressFamily.allCases {
                let socket = try open(namespace, transport, family)
                if family == .v6 { try checked(sc_refuse_ipv4(socket.descriptor)) }
                try socket.bind(SocketAddress(family == .v4 ? .anyV4 : .anyV6, port: port))
                if transport == .tcp { try checked(sc_listen(socket.descriptor)) }
                socket.isListener = true
                let number = register(socket)
                listeners[ListenerKey(namespace: namespace, transport: transport, family: family, port: port)] = number
                numbers.append(number)
            }
        }
        return numbers
    }

    mutating func connect(_ request: ConnectRequest) throws(Failure) -> ConnectOutcome {
        let socket: OpenSocket
        let number: SocketNumber
        if let old = request.socket {
            (number, socket) = (old, try self.socket(old))
        } else {
            socket = try open(request.namespace, request.transport, request.family)
            number = register(socket)
        }
        do throws(Failure) {
            return try connect(socket, number, request)
        } catch {
            if request.socket == nil { sockets[number] = nil }
            throw error
        }
    }

    private mutating func connect(
        _ socket: OpenSocket, _ number: SocketNumber, _ request: ConnectRequest
    ) throws(Failure) -> ConnectOutcome {
        let deadline = Deadline(milliseconds: request.timeoutMilliseconds)
        try checked(sc_limit_connect(socket.descriptor, request.timeoutMilliseconds))
        if let localEnd = request.localEnd { try socket.bind(localEnd) }
        let errno = socket.connect(sc_end(request.destination, for: socket.family))
        var accepted: AcceptedEnd?
        if errno == 0, socket.transport == .tcp, let namespace = request.acceptingNamespace {
            accepted = try accept(from: socket, in: namespace, deadline)
            socket.peer = accepted?.socket
            accepted.map { sockets[$0.socket]?.peer = number }
        }
        let outcome = ConnectOutcome(errno: errno, socket: number, state: try state(socket), accepted: accepted)
        if let ending = request.ending { try close(number, ending) }
        return outcome
    }

    // MARK: Accepting

    /// The connection that `client` made to a listener of ours in the namespace; nil if there is no such listener, or
    /// somebody has reset the connection meanwhile.
    private mutating func accept(
        from client: OpenSocket, in namespace: NamespaceNumber, _ deadline: Deadline
    ) throws(Failure) -> AcceptedEnd? {
        guard let remoteEnd = try client.remoteEnd()?.unmapped else { return nil }
        let key = ListenerKey(
            namespace: namespace, transport: .tcp, family: remoteEnd.address.family, port: remoteEnd.port)
        guard let listener = listeners[key].flatMap({ sockets[$0] }) else { return nil }
        let clientEnd = try client.localEnd().unmapped
        while let accepted = try acceptNext(listener, deadline) {
            let acceptedEnd = try accepted.remoteEnd()?.unmapped
            if acceptedEnd == clientEnd { return try register(accepted: accepted) }
            // A connection without a remote end was reset before it was accepted.
            if acceptedEnd != nil { listener.waiting.append(accepted) }
            if client.isIn(SC_TCP_CLOSED) { return nil }
        }
        if client.isIn(SC_TCP_CLOSED) { return nil }
        throw Failure(ETIMEDOUT)
    }

    /// The oldest connection of a listener.
    mutating func accept(_ listener: SocketNumber, _ deadline: Deadline) throws(Failure) -> AcceptedEnd {
        let socket = try self.socket(listener)
        if !socket.waiting.isEmpty { return try register(accepted: socket.waiting.removeFirst()) }
        guard let accepted = try acceptNext(socket, deadline) else { throw Failure(ETIMEDOUT) }
        return try register(accepted: accepted)
    }

    private mutating func register(accepted: OpenSocket) throws(Failure) -> AcceptedEnd {
        // A connection that was reset meanwhile has no remote end any more.
        guard let remoteEnd = try accepted.remoteEnd() else { throw Failure(ECONNABORTED) }
        return AcceptedEnd(
            socket: register(accepted), localEnd: try accepted.localEnd(), remoteEnd: remoteEnd,
            cookie: try accepted.cookie())
    }

    /// nil when the time is up.
    func acceptNext(_ listener: OpenSocket, _ deadline: Deadline) throws(Failure) -> OpenSocket? {
        while true {
            let descriptor = sc_accept(listener.descriptor)
            if descriptor == -EAGAIN {
                let remaining = deadline.remainingMilliseconds
                if try checked(sc_wait_readable(listener.descriptor, remaining)) == 0 { return nil }
            } else {
                return OpenSocket(
                    adopting: try checked(descriptor), listener.namespace, listener.transport, listener.family)
            }
        }
    }

    // MARK: Bytes

    /// Waits up to 2 s for room.
    /// - Returns: How many bytes the kernel took.
    func send(_ number: SocketNumber, _ bytes: [UInt8]) throws(Failure) -> UInt32 {
        let socket = try self.socket(number)
        let deadline = Deadline(milliseconds: 2000)
        var sent = 0
        while sent < bytes.count {
            // In bounds: the buffer is the array's, from `sent` to its end.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe sc_send(socket.descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent)
            }
            if count == -Int(EAGAIN) {
                if try checked(sc_wait_writable(socket.descriptor, deadline.remainingMilliseconds)) == 0 { break }
            } else {
                sent += try checked(count)
            }
        }
        return UInt32(sent)
    }

    /// Sends and receives in turn, so that more can go than the kernel holds.
    /// - Returns: What arrived: what was sent, and what came with it.
    /// - Throws: ETIMEDOUT if less arrived within 2 s.
    func transfer(
        _ bytes: [UInt8], from number: SocketNumber, to peer: SocketNumber
    ) throws(Failure) -> [UInt8] {
        let (socket, other) = (try self.socket(number), try self.socket(peer))
        let deadline = Deadline(milliseconds: 2000)
        var (sent, arrived) = (0, [UInt8]())
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if sent < bytes.count {
                // In bounds: the buffer is the array's, from `sent` to its end.
                let count = unsafe bytes.withUnsafeBytes { buffer in
                    unsafe sc_send(socket.descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent)
                }
                if count != -Int(EAGAIN) { sent += try checked(count) }
            }
            // In bounds: the buffer's own count.
            let new = unsafe buffer.withUnsafeMutableBytes { buffer in
                unsafe sc_receive(other.descriptor, buffer.baseAddress, buffer.count)
            }
            if new != -Int(EAGAIN) {
                if try checked(new) == 0 { return arrived }
                arrived += buffer.prefix(new)
                continue
            }
            if arrived.count < bytes.count {
                let remaining = min(deadline.remainingMilliseconds, sent < bytes.count ? 1 : CInt.max)
                _ = try checked(sc_wait_readable(other.descriptor, remaining))
                if deadline.remainingMilliseconds == 0 { throw Failure(ETIMEDOUT) }
            } else if try checked(sc_wait_readable(other.descriptor, 1)) == 0 {
                // Loopback delivers within the send: what the programs add is there by now, or is not coming.
                return arrived
            }
        }
    }

    /// What has come until there is enough, the stream ends or the time is up.
    func receive(
        _ number: SocketNumber, _ limit: Int, isExact: Bool, _ deadline: Deadline
    ) throws(Failure) -> [UInt8] {
        let socket = try self.socket(number)
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            // In bounds: the buffer is the array's, from `count` to its end.
            let new = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe sc_receive(socket.descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
            }
            if new == -Int(EAGAIN) {
                if count > 0 && !isExact { break }
                if try checked(sc_wait_readable(socket.descriptor, deadline.remainingMilliseconds)) == 0 {
                    if count == 0 { throw Failure(ETIMEDOUT) }
                    break
                }
            } else if try checked(new) == 0 {
                break
            }
            count += max(new, 0)
            if new > 0 && !isExact { break }
        }
        return Array(bytes.prefix(count))
    }
}
