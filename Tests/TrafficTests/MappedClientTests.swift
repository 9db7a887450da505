import KernelTestSupport
import Model
import Sim
import SocketDriverProtocol
import Testing

/// Clients as Java makes them: one IPv6 socket for both families, IPv4 addresses mapped.
@Suite(.serialized, needsKernel) struct MappedClientTests {
    @Test(arguments: Preset.allCases)
    func aMappedAddressReachesTheEndpointsOfTheService(_ preset: Preset) throws {
        var scene = try TrafficScene(preset)
        try scene.startNginx()
        try scene.add(.named("books", ["10.96.0.80"]), families: preset == .hardened ? [.v4, .v6] : [.v4])
        var seen: Set<SocketAddress> = []
        for _ in 0..<30 {
            let outcome = try scene.connectMapped(to: "10.96.0.80:80")
            let end = try outcome.state.remoteEnd.required("a remote end")
            seen.insert(end)
            let answer = try scene.ask(outcome.socket)
            #expect(answer.hasSuffix("pod\(end.unmapped.address.bytes[3]):8080\n"), "\(end): \(answer)")
            try scene.clients.close(outcome.socket)
        }
        let pods = TrafficScene.podNumbers.map { TrafficScene.podAddress(UInt32($0), .v4).mapped }
        #expect(seen == Set(pods.map { SocketAddress($0, port: 8080) }))
        #expect(try scene.observer.count(.connect6, .loadBalanced) == 30)
        // Reports tell what is on the wire.
        let reports = try scene.waitForLastReports(count: 30)
        #expect(reports.allSatisfy { $0.type == 0 && $0.originalDestination == SocketAddress("10.96.0.80:80") })
    }

    /// The header has the long form, because the socket is one of IPv6.
    @Test(arguments: Preset.allCases)
    func aWaypointGetsTheMappedAddress(_ preset: Preset) throws {
        var course = try WaypointTests.Course(preset)
        let outcome = try course.scene.connectMapped(to: "10.96.0.80:80")
        #expect(outcome.state.remoteEnd == SocketAddress("[::ffff:10.77.0.3]:15019"))
        let request = TrafficScene.request
        try course.scene.clients.send(request, on: outcome.socket)
        try course.scene.clients.send(request, on: outcome.socket)
        var answer: [UInt8] = []
        try waitUntil("two answers") {
            try course.stub.pump(&course.scene.servers)
            answer += try course.scene.clients.receiveSome(on: outcome.socket) ?? []
            return String(decoding: answer, as: UTF8.self).split(separator: "pod1:8080\n").count == 2
                && answer.suffix(5) == Array("8080\n".utf8)
        }
        let wanted = try SocketAddress("[::ffff:10.96.0.80]:80").required("address")
        try #require(course.stub.links.count == 1)
        #expect(course.stub.links[0].header == SkMsg.header(wanted))
        #expect(course.stub.links[0].header.count == 28)
        #expect(course.stub.links[0].request == request + request)
    }
}

extension TrafficScene {
    static let request = Array("GET / HTTP/1.1\r\nHost: books\r\n\r\n".utf8)

    /// Connects an IPv6 socket to an IPv4 address.
    mutating func connectMapped(to destination: String) throws -> ConnectOutcome {
        var request = ConnectRequest(to: try SocketAddress(destination).required(destination), in: client.number)
        (request.family, request.acceptingNamespace) = (.v6, nil)
        let outcome = try clients.connect(request)
        try #require(outcome.errno == 0)
        return outcome
    }

    /// Sends a request and gives the answer, which ends with a line of nginx's own.
    mutating func ask(_ socket: SocketNumber) throws -> String {
        try clients.send(Self.request, on: socket)
        var answer = ""
        while !answer.contains("\r\n\r\npod") || !answer.hasSuffix("\n") {
            let bytes = try clients.receive(atMost: 4096, on: socket)
            try #require(!bytes.isEmpty)
            answer += String(decoding: bytes, as: UTF8.self)
        }
        return answer
    }
}
