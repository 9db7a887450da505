import Foundation
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

/// Questions to a name server that nobody has reach the DNS proxy (dnsmasq), and its answers look like the server's.
@Suite(.serialized, needsKernel) struct DNSTests {
    static let server = "10.96.0.10"
    static let name = "books.mesh.test"
    /// What the proxy answers for the name.
    static let answer = "192.0.2.7"

    @Test(arguments: Preset.allCases)
    func digAcceptsTheProxysAnswer(_ preset: Preset) throws {
        var scene = try TrafficScene(preset)
        try scene.startProxy()
        let text = try scene.dig()
        #expect(text.contains("\tA\t\(Self.answer)\n"), "\(text)")
        #expect(text.contains("SERVER: \(Self.server)#53(\(Self.server)) (UDP)"), "\(text)")
        // dig connects its socket.
        #expect(try scene.observer.count(.connect4, .dnsRedirected) == 1)
        #expect(try scene.observer.count(.recvmsg4, .dnsReplyRestored) == 1)

        let stream = try scene.dig("+tcp")
        #expect(stream.contains("\tA\t\(Self.answer)\n"), "\(stream)")
        #expect(stream.contains("SERVER: \(Self.server)#53(\(Self.server)) (TCP)"), "\(stream)")
        #expect(try scene.observer.count(.connect4, .dnsRedirected) == 2)
    }

    @Test(arguments: Preset.allCases)
    func aSocketSeesTheServerThatItAsked(_ preset: Preset) throws {
        var scene = try TrafficScene(preset)
        try scene.startProxy()
        let servers = try ["10.96.0.10:53", "10.96.0.11:53"].map { try SocketAddress($0).required($0) }
        // Unconnected sockets: sendmsg4 and recvmsg4.
        for server in servers {
            let socket = try scene.clients.openDatagramSocket(in: scene.client.number)
            try scene.clients.sendDatagram(Self.question, on: socket, to: server)
            let reply = try scene.clients.receiveDatagram(on: socket)
            #expect(reply.source == server && Self.isAnswer(reply.bytes), "\(reply)")
        }
        #expect(try scene.observer.count(.sendmsg4, .dnsRedirected) == 2)
        // Connected ones: connect4 and recvmsg4.
        for server in servers {
            var request = ConnectRequest(to: server, in: scene.client.number)
            (request.transport, request.acceptingNamespace) = (.udp, nil)
            let connected = try scene.clients.connect(request)
            try scene.clients.sendDatagram(Self.question, on: connected.socket, to: nil)
            let reply = try scene.clients.receiveDatagram(on: connected.socket)
            #expect(reply.source == server && Self.isAnswer(reply.bytes), "\(reply)")
        }
        #expect(try scene.observer.count(.connect4, .dnsRedirected) == 2)
        #expect(try scene.observer.count(.recvmsg4, .dnsReplyRestored) == 4)
    }

    @Test(arguments: Preset.allCases)
    func aStrangersQuestionIsNotRedirected(_ preset: Preset) throws {
        var scene = try TrafficScene(preset)
        try scene.startProxy()
        // Nothing leads to the server, so each way of asking fails at once.
        for option in ["+notcp", "+tcp"] {
            let outcome = try scene.clients.run(Self.command(option), in: scene.stranger.number)
            #expect(outcome.code != 0 && !String(decoding: outcome.output, as: UTF8.self).contains(Self.answer))
        }
        let socket = try scene.clients.openDatagramSocket(in: scene.stranger.number)
        let server = try SocketAddress("10.96.0.10:53").required("address")
        #expect(throws: DriverError.self) {
            try scene.clients.sendDatagram(Self.question, on: socket, to: server)
        }
        #expect(try scene.observer.count([.connect4, .sendmsg4], .dnsRedirected) == 0)
        #expect(try scene.observer.count(.connect4, .notManaged) >= 2)
        #expect(try scene.observer.count(.sendmsg4, .notManaged) == 1)
        // The proxy itself can be asked.
        let direct = Self.command().map { $0 == "@\(Self.server)" ? "@10.77.0.53" : $0 }
        #expect(try scene.clients.output(direct, in: scene.stranger.number).contains(Self.answer))
    }

    @Test func withoutAProxyTheQuestionGoesToTheServer() throws {
        var scene = try TrafficScene()
        let outcome = try scene.clients.run(Self.command(), in: scene.client.number)
        #expect(outcome.code != 0)
        #expect(try scene.observer.count(.connect4, .dnsNoProxy) >= 1)
    }

    // MARK: Questions

    static func command(_ options: String...) -> [String] {
        ["dig", "-r", "@\(server)", name, "A", "+time=5", "+tries=1", "+noedns"] + options
    }

    /// "A? books.mesh.test", RFC 1035 section 4.
    static let question: [UInt8] =
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        + name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0, 0, 1, 0, 1]

    /// Whether a reply has our number and ends with the address.
    static func isAnswer(_ reply: [UInt8]) -> Bool {
        reply.starts(with: [0x12, 0x34]) && reply.suffix(4) == [192, 0, 2, 7]
    }
}

extension TrafficScene {
    /// Starts dnsmasq on the wire and makes it the DNS proxy: backend 0.
    mutating func startProxy() throws {
        let address = Self.podAddress(53, .v4)
        let configuration = try scratch.write(
            """
            port=53
            listen-address=\(address)
            bind-interfaces
            no-resolv
            no-hosts
            user=root
            group=root
            pid-file=\(scratch.path)/dnsmasq.pid
            address=/\(DNSTests.name)/\(DNSTests.answer)

            """, to: "dnsmasq.conf")
        let program = try servers.start(["dnsmasq", "--no-daemon", "-C", configuration], in: server.number)
        do {
            try servers.waitForServer(at: SocketAddress(address, port: 53), in: server.number)
        } catch {
            let errors = String(decoding: try servers.look(at: program).errors, as: UTF8.self)
            throw ServerFailure(description: "\(error): \(errors)")
        }
        let proxy = MapWrite.put(.backend(BackendKey(backend_uid: 0), BackendValue(addr: address)))
        _ = try dataplane.maps.apply([proxy])
    }

    /// What dig in the client's namespace says.
    mutating func dig(_ option: String = "+notcp") throws -> String {
        try clients.output(DNSTests.command(option), in: client.number)
    }
}
