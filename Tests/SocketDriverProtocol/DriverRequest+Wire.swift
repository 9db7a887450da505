import Model

extension DriverRequest: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        let command: UInt8 = try reader.read()
        switch command {
        case 1: self = .joinCgroup(directory: try reader.read())
        case 2: self = .useStorageMap(path: try reader.read())
        case 3: self = .makeNamespace(isEveryAddressLocal: try reader.read())
        case 4: self = .enterNamespace(path: try reader.read())
        case 5: self = .leaveNamespace(try reader.read())
        case 6: self = .listen(try reader.read(), try reader.read(), ports: try reader.read())
        case 7: self = .connect(try reader.read())
        case 8: self = .disconnect(try reader.read())
        case 9: self = .accept(try reader.read(), timeoutMilliseconds: try reader.read())
        case 10: self = .send(try reader.read(), try reader.read())
        case 11:
            self = .receive(
                try reader.read(), byteCount: try reader.read(), isExact: try reader.read(),
                timeoutMilliseconds: try reader.read())
        case 12: self = .close(try reader.read(), try reader.read())
        case 13: self = .openDatagramSocket(try reader.read(), try reader.read(), localEnd: try reader.read())
        case 14:
            self = .sendDatagram(
                try reader.read(), try reader.read(), to: try reader.read(), source: try reader.read())
        case 15: self = .receiveDatagram(try reader.read(), timeoutMilliseconds: try reader.read())
        case 16: self = .state(try reader.read())
        case 17: self = .hammer(try reader.read())
        case 18:
            self = .run(
                try reader.read(), try reader.read(), input: try reader.read(), timeoutMilliseconds: try reader.read())
        case 19: self = .start(try reader.read(), try reader.read())
        case 20: self = .look(try reader.read())
        case 21: self = .stop(try reader.read())
        case 22: self = .transfer(try reader.read(), to: try reader.read(), try reader.read())
        case 23: self = .setStorage(try reader.read(), try reader.read())
        default: throw WireError()
        }
    }

    public func write(to writer: inout WireWriter) {
        switch self {
        case .joinCgroup(let directory): writer.command(1, directory)
        case .useStorageMap(let path): writer.command(2, path)
        case .makeNamespace(let isEveryAddressLocal): writer.command(3, isEveryAddressLocal)
        case .enterNamespace(let path): writer.command(4, path)
        case .leaveNamespace(let namespace): writer.command(5, namespace)
        case .listen(let namespace, let transport, let ports): writer.command(6, namespace, transport, ports)
        case .connect(let request): writer.command(7, request)
        case .disconnect(let socket): writer.command(8, socket)
        case .accept(let listener, let timeout): writer.command(9, listener, timeout)
        case .send(let socket, let bytes): writer.command(10, socket, bytes)
        case .receive(let socket, let count, let isExact, let timeout):
            writer.command(11, socket, count, isExact, timeout)
        case .close(let socket, let ending): writer.command(12, socket, ending)
        case .openDatagramSocket(let namespace, let family, let localEnd):
            writer.command(13, namespace, family, localEnd)
        case .sendDatagram(let socket, let bytes, let destination, let source):
            writer.command(14, socket, bytes, destination, source)
        case .receiveDatagram(let socket, let timeout): writer.command(15, socket, timeout)
        case .state(let socket): writer.command(16, socket)
        case .hammer(let request): writer.command(17, request)
        case .run(let namespace, let arguments, let input, let timeout):
            writer.command(18, namespace, arguments, input, timeout)
        case .start(let namespace, let arguments): writer.command(19, namespace, arguments)
        case .look(let program): writer.command(20, program)
        case .stop(let program): writer.command(21, program)
        case .transfer(let socket, let peer, let bytes): writer.command(22, socket, peer, bytes)
        case .setStorage(let socket, let bytes): writer.command(23, socket, bytes)
        }
    }
}

extension WireWriter {
    /// A command's number and its values.
    mutating func command<each Value: WireValue>(_ number: UInt8, _ values: repeat each Value) {
        write(number)
        repeat write(each values)
    }
}

extension ConnectRequest: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        let namespace: NamespaceNumber = try reader.read()
        let socket: SocketNumber? = try reader.read()
        let family: AddressFamily = try reader.read()
        let transport: Transport = try reader.read()
        self.init(to: try reader.read())
        (self.namespace, self.socket, self.family, self.transport) = (namespace, socket, family, transport)
        localEnd = try reader.read()
        acceptingNamespace = try reader.read()
        ending = try reader.read()
        timeoutMilliseconds = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(namespace)
        writer.write(socket)
        writer.write(family)
        writer.write(transport)
        writer.write(destination)
        writer.write(localEnd)
        writer.write(acceptingNamespace)
        writer.write(ending)
        writer.write(timeoutMilliseconds)
    }
}

extension HammerRequest: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        namespace = try reader.read()
        family = try reader.read()
        destinations = try reader.read()
        count = try reader.read()
        acceptingNamespace = try reader.read()
        isTraced = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(namespace)
        writer.write(family)
        writer.write(destinations)
        writer.write(count)
        writer.write(acceptingNamespace)
        writer.write(isTraced)
    }
}
