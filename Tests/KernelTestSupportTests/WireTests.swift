import Model
import SocketDriverProtocol
import Testing

private let ends = [SocketAddress(.v4(0x0A00_0001), port: 80), SocketAddress(.v6(high: 0xfd00 << 48, low: 1), port: 0)]
private let socket = SocketNumber(rawValue: 0x0102_0304)
private let namespace = NamespaceNumber(rawValue: 2)

private func fullConnect() -> ConnectRequest {
    var request = ConnectRequest(to: ends[1], in: namespace, ending: .graceful)
    request.socket = socket
    request.localEnd = ends[0]
    request.transport = .udp
    return request
}

@Test(
    arguments: [
        .joinCgroup(directory: "/a/b"), .useStorageMap(path: ""), .makeNamespace(isEveryAddressLocal: true),
        .enterNamespace(path: "/proc/1/ns/net"), .leaveNamespace(namespace),
        .listen(namespace, .udp, ports: [53, 0xffff]),
        .connect(ConnectRequest(to: ends[0])), .connect(fullConnect()), .disconnect(socket),
        .accept(socket, timeoutMilliseconds: 7), .send(socket, [1, 2]),
        .receive(socket, byteCount: 3, isExact: true, timeoutMilliseconds: 4), .close(socket, .reset),
        .openDatagramSocket(namespace, .v6, localEnd: ends[0]), .sendDatagram(socket, [], to: ends[0], source: nil),
        .receiveDatagram(socket, timeoutMilliseconds: .max), .state(socket), .hammer(HammerRequest(to: ends, count: 9)),
        .run(namespace, ["a", "", "ä"], input: [0], timeoutMilliseconds: 1), .start(namespace, []),
        .look(ProgramNumber(rawValue: 1)), .stop(ProgramNumber(rawValue: 2)),
        .transfer(socket, to: SocketNumber(rawValue: 9), [1]), .setStorage(socket, [3, 4]), .close(socket, .abandoned),
    ] as [DriverRequest])
func aRequestIsReadAsItWasWritten(_ request: DriverRequest) throws {
    var writer = WireWriter()
    writer.write(request)
    var reader = WireReader(writer.bytes)
    #expect(try reader.read() as DriverRequest == request)
    #expect(reader.remainingCount == 0)
    for count in 0..<writer.bytes.count {
        var short = WireReader(Array(writer.bytes.prefix(count)))
        #expect(throws: WireError.self) { try short.read() as DriverRequest }
    }
}

@Test func numbersAreLittleEndian() throws {
    var writer = WireWriter()
    writer.write(UInt16(0x0102))
    writer.write(Int32(-2))
    writer.write(UInt64(0x0102_0304_0506_0708))
    #expect(writer.bytes == [2, 1, 0xfe, 0xff, 0xff, 0xff, 8, 7, 6, 5, 4, 3, 2, 1])
    var reader = WireReader(writer.bytes)
    #expect(try reader.read() as UInt16 == 0x0102)
    #expect(try reader.read() as Int32 == -2)
    #expect(try reader.read() as UInt64 == 0x0102_0304_0506_0708)
}
