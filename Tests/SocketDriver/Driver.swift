import CSocketCalls
import Glibc
import Model
import SocketDriverProtocol

/// Obeys requests one after the other.
struct Driver {
    var namespaces: Namespaces
    var sockets: [SocketNumber: OpenSocket] = [:]
    /// Where connections and datagrams arrive.
    var listeners: [ListenerKey: SocketNumber] = [:]
    var programs: [ProgramNumber: BackgroundProgram] = [:]
    var storageMap: StorageMap?
    private var nextNumber: UInt32 = 1

    init() {
        do throws(Failure) {
            namespaces = try Namespaces()
        } catch {
            fatalError("the network namespace cannot be opened: error \(error.errno)")
        }
    }

    /// Until the input ends.
    mutating func serve() {
        var channel = MessageChannel(input: STDIN_FILENO, output: STDOUT_FILENO)
        while let message = channel.receive() {
            guard channel.send(answer(message)) else { return }
        }
    }

    private mutating func answer(_ message: [UInt8]) -> [UInt8] {
        var reply = WireWriter()
        do throws(Failure) {
            var reader = WireReader(message)
            guard let request = try? DriverRequest(from: &reader), reader.remainingCount == 0 else {
                throw Failure(EBADMSG)
            }
            reply.write(Int32(0))
            try obey(request, &reply)
        } catch {
            reply = WireWriter()
            reply.write(error.errno)
        }
        return reply.bytes
    }

    private mutating func obey(_ request: DriverRequest, _ reply: inout WireWriter) throws(Failure) {
        switch request {
        case .joinCgroup(let directory): try joinCgroup(directory)
        case .useStorageMap(let path): storageMap = try StorageMap(path: path)
        case .makeNamespace(let isEveryAddressLocal):
            reply.write(try namespaces.make(isEveryAddressLocal: isEveryAddressLocal))
        case .enterNamespace(let path): reply.write(try namespaces.open(path))
        case .leaveNamespace(let number): try leave(number)
        case .listen(let namespace, let transport, let ports): reply.write(try listen(namespace, transport, ports))
        case .connect(let request): reply.write(try connect(request))
        case .disconnect(let socket): try disconnect(socket)
        case .accept(let listener, let timeout): reply.write(try accept(listener, Deadline(milliseconds: timeout)))
        case .send(let socket, let bytes): reply.write(try send(socket, bytes))
        case .receive(let socket, let count, let isExact, let timeout):
            reply.write(try receive(socket, Int(count), isExact: isExact, Deadline(milliseconds: timeout)))
        case .transfer(let socket, let peer, let bytes): reply.write(try transfer(bytes, from: socket, to: peer))
        case .setStorage(let socket, let bytes):
            guard let storageMap else { throw Failure(ENODEV) }
            try storageMap.setStorage(of: try self.socket(socket).descriptor, to: bytes)
        case .close(let socket, let ending): try close(socket, ending)
        case .openDatagramSocket(let namespace, let family, let localEnd):
            let socket = try open(namespace, .udp, family)
            if let localEnd { try socket.bind(localEnd) }
            reply.write(register(socket))
        case .sendDatagram(let socket, let bytes, let destination, let source):
            reply.write(try sendDatagram(socket, bytes, to: destination, source: source))
        case .receiveDatagram(let socket, let timeout):
            reply.write(try receiveDatagram(socket, Deadline(milliseconds: timeout)))
        case .state(let socket): reply.write(try state(try self.socket(socket)))
        case .hammer(let request): reply.write(try hammer(request))
        case .run(let namespace, let arguments, let input, let timeout):
            reply.write(try run(namespace, arguments, input: input, timeoutMilliseconds: timeout))
        case .start(let namespace, let arguments): reply.write(try start(namespace, arguments))
        case .look(let program): reply.write(try look(program))
        case .stop(let program): reply.write(try stop(program))
        }
    }

    private func joinCgroup(_ directory: String) throws(Failure) {
        // The path ends with a zero, which Swift provides.
        let descriptor = unsafe Glibc.open("\(directory)/cgroup.procs", O_WRONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure(errno) }
        defer { Glibc.close(descriptor) }
        // 0 is the writer. In bounds: one byte of the text.
        let count = unsafe write(descriptor, "0", 1)
        if count < 0 { throw Failure(errno) }
    }

    private mutating func leave(_ number: NamespaceNumber) throws(Failure) {
        for (socketNumber, socket) in sockets where socket.namespace == number { sockets[socketNumber] = nil }
        listeners = listeners.filter { $0.key.namespace != number }
        try namespaces.leave(number)
    }

    // MARK: Sockets

    /// A number that was never used.
    mutating func takeNumber() -> UInt32 {
        defer { nextNumber += 1 }
        return nextNumber
    }

    func socket(_ number: SocketNumber) throws(Failure) -> OpenSocket {
        guard let socket = sockets[number] else { throw Failure(EBADF) }
        return socket
    }

    mutating func register(_ socket: OpenSocket) -> SocketNumber {
        let number = SocketNumber(rawValue: takeNumber())
        sockets[number] = socket
        return number
    }

    mutating func open(
        _ namespace: NamespaceNumber, _ transport: Transport, _ family: AddressFamily
    ) throws(Failure) -> OpenSocket {
        try namespaces.enter(namespace)
        let descriptor = try checked(sc_open(family == .v6 ? 1 : 0, transport == .tcp ? 1 : 0))
        return OpenSocket(adopting: descriptor, namespace, transport, family)
    }

    func state(_ socket: OpenSocket) throws(Failure) -> SocketState {
        SocketState(
            localEnd: try socket.localEnd(), remoteEnd: try socket.remoteEnd(), cookie: try socket.cookie(),
            tcpState: try socket.tcpState(), storage: try storageMap?.storage(of: socket.descriptor))
    }
}

/// What a listener is found by.
struct ListenerKey: Hashable {
    var namespace: NamespaceNumber
    var transport: Transport
    var family: AddressFamily
    var port: UInt16
}
