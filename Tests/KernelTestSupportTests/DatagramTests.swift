import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

@Suite(needsKernel) struct DatagramTests {
    @Test(arguments: [
        (AddressFamily.v4, "10.0.0.10:53", "10.0.0.10:53"),
        (.v6, "[fd00::a]:53", "[fd00::a]:53"),
        (.v6, "10.0.0.10:53", "[::ffff:10.0.0.10]:53"),
    ])
    func aServerSeesTheDestinationAndAnswersFromIt(_ c: (AddressFamily, String, String)) throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        let destination = try end(c.1)
        let servers = try #require(try driver.listen(on: [53], .udp, in: namespace)[53])
        let server = servers[destination.address.family]
        let client = try driver.openDatagramSocket(c.0, in: namespace)
        try driver.sendDatagram(Array("question".utf8), on: client, to: destination)
        let question = try driver.receiveDatagram(on: server)
        #expect(question.bytes == Array("question".utf8))
        #expect(question.destination == destination)

        try driver.sendDatagram(Array("answer".utf8), on: server, to: question.source, from: question.destination)
        let answer = try driver.receiveDatagram(on: client)
        #expect(answer.bytes == Array("answer".utf8))
        #expect(answer.source == SocketAddress(c.2))
    }

    @Test func anAnswerCanComeFromAnywhere() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        let servers = try #require(try driver.listen(on: [53], .udp, in: namespace)[53])
        let (here, elsewhere) = (try end("10.7.7.7:7777"), try end("10.0.0.99:5353"))
        let client = try driver.openDatagramSocket(boundTo: here, in: namespace)
        let other = try driver.openDatagramSocket(boundTo: elsewhere, in: namespace)
        try driver.sendDatagram([1], on: other, to: here)
        #expect(try driver.receiveDatagram(on: client) == Datagram(bytes: [1], source: elsewhere, destination: here))
        try driver.sendDatagram([], on: servers.v4, to: here, from: try end("10.0.0.98:53"))
        let expected = Datagram(bytes: [], source: try end("10.0.0.98:53"), destination: here)
        #expect(try driver.receiveDatagram(on: client) == expected)
        #expect(errno { try driver.sendDatagram([1], on: servers.v4, to: here, from: elsewhere) } == EINVAL)
        #expect(errno { try driver.receiveDatagram(on: client, timeoutMilliseconds: 10) } == ETIMEDOUT)
    }

    @Test func aConnectedSocketHearsOfTheClosedPortAndConnectsElsewhere() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        let servers = try #require(try driver.listen(on: [53], .udp, in: namespace)[53])
        var request = ConnectRequest(to: try end("10.0.0.1:54"), in: namespace)
        request.transport = .udp
        let outcome = try driver.connect(request)
        #expect(outcome.errno == 0)
        #expect(outcome.state.remoteEnd == request.destination)
        #expect(outcome.state.tcpState == nil)
        #expect(outcome.accepted == nil)
        try driver.sendDatagram([1], on: outcome.socket, to: nil)
        #expect(errno { try driver.receiveDatagram(on: outcome.socket) } == ECONNREFUSED)

        request.socket = outcome.socket
        request.destination = try end("10.0.0.2:53")
        #expect(try driver.connect(request).state.remoteEnd == request.destination)
        try driver.sendDatagram([2], on: outcome.socket, to: nil)
        #expect(try driver.receiveDatagram(on: servers.v4).destination == request.destination)
        try driver.disconnect(outcome.socket)
        #expect(try driver.state(of: outcome.socket).remoteEnd == nil)
    }
}
