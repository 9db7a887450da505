extension NamespaceMade: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        number = try reader.read()
        cookie = try reader.read()
        path = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(number)
        writer.write(cookie)
        writer.write(path)
    }
}

extension AcceptedEnd: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        socket = try reader.read()
        localEnd = try reader.read()
        remoteEnd = try reader.read()
        cookie = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(socket)
        writer.write(localEnd)
        writer.write(remoteEnd)
        writer.write(cookie)
    }
}

extension ConnectOutcome: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        errno = try reader.read()
        socket = try reader.read()
        state = try reader.read()
        accepted = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(errno)
        writer.write(socket)
        writer.write(state)
        writer.write(accepted)
    }
}

extension SocketState: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        localEnd = try reader.read()
        remoteEnd = try reader.read()
        cookie = try reader.read()
        tcpState = try reader.read()
        storage = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(localEnd)
        writer.write(remoteEnd)
        writer.write(cookie)
        writer.write(tcpState)
        writer.write(storage)
    }
}

extension Datagram: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        bytes = try reader.read()
        source = try reader.read()
        destination = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(bytes)
        writer.write(source)
        writer.write(destination)
    }
}

extension Tally: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        value = try reader.read()
        count = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(value)
        writer.write(count)
    }
}

extension HammerAttempt: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        destination = try reader.read()
        start = try reader.read()
        end = try reader.read()
        errno = try reader.read()
        remoteEnd = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(destination)
        writer.write(start)
        writer.write(end)
        writer.write(errno)
        writer.write(remoteEnd)
    }
}

extension HammerOutcome: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        errors = try reader.read()
        remoteEnds = try reader.read()
        minimumNanoseconds = try reader.read()
        p50Nanoseconds = try reader.read()
        p90Nanoseconds = try reader.read()
        p99Nanoseconds = try reader.read()
        trace = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(errors)
        writer.write(remoteEnds)
        writer.write(minimumNanoseconds)
        writer.write(p50Nanoseconds)
        writer.write(p90Nanoseconds)
        writer.write(p99Nanoseconds)
        writer.write(trace)
    }
}

extension ProgramOutcome: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        isRunning = try reader.read()
        code = try reader.read()
        output = try reader.read()
        errors = try reader.read()
    }

    public func write(to writer: inout WireWriter) {
        writer.write(isRunning)
        writer.write(code)
        writer.write(output)
        writer.write(errors)
    }
}
