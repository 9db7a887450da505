import Foundation
import KernelTestSupport
import Model
import Sim
import SocketDriverProtocol
import TestSupport
import Testing

/// Calls of curl go to a waypoint, which learns from the programs where they wanted to go, and arrive at nginx.
@Suite(.serialized, needsKernel) struct WaypointTests {
    static let books = ["10.96.0.80", "fd96::80"]

    /// A scene with nginx and a service whose calls go through a waypoint.
    struct Course: ~Copyable {
        var scene: TrafficScene
        var stub: WaypointStub

        init(_ preset: Preset, by waypoint: Gateway? = nil) throws {
            var scene = try TrafficScene(preset)
            try scene.startNginx()
            try scene.add(
                .named("way", ["10.96.0.15"], ports: [ServicePort(15008, to: WaypointStub.port)]), endpoints: 3...3)
            for (name, address, pod) in [("four", "10.96.0.80", "10.77.0.3"), ("six", "fd96::80", "fd77::3")] {
                let ownAddress = try IPAddress(pod).required(pod)
                let gateway = waypoint ?? Gateway(.address(NetworkAddress(ownAddress)), port: WaypointStub.port)
                let isFour = ownAddress.family == .v4
                guard isFour || waypoint == nil else { continue }
                try scene.add(
                    .named(name, [address], waypoint: gateway), endpoints: 1...2, families: [isFour ? .v4 : .v6])
            }
            let stub = try WaypointStub(
                [
                    SocketAddress("10.96.0.80:80").required("address"): SocketAddress("10.77.0.1:8080").required("pod"),
                    SocketAddress("[fd96::80]:80").required("address"): SocketAddress("[fd77::2]:9090").required("pod"),
                ], in: scene.server.number, &scene.servers)
            self.scene = scene
            self.stub = stub
        }

        /// Runs curl while the waypoint forwards.
        mutating func curl(_ arguments: String...) throws -> String {
            let command = ["curl", "-sS", "-m", "10", "--noproxy", "*"] + arguments
            let program = try scene.clients.start(command, in: scene.client.number)
            var outcome: ProgramOutcome?
            try waitUntil("curl has ended") {
                try stub.pump(&scene.servers)
                let seen = try scene.clients.look(at: program)
                outcome = seen.isRunning ? nil : seen
                return outcome != nil
            }
            let ended = try outcome.required("an end")
            try #require(ended.code == 0, "\(String(decoding: ended.errors, as: UTF8.self))")
            return String(decoding: ended.output, as: UTF8.self)
        }
    }

    @Test(arguments: Preset.allCases)
    func aWaypointLearnsTheVirtualIP(_ preset: Preset) throws {
        var course = try Course(preset)
        #expect(try course.curl("http://10.96.0.80/") == "pod1:8080\n")
        #expect(try course.curl("http://[fd96::80]/") == "pod2:9090\n")
        let links = course.stub.links
        try #require(links.count == 2)
        let wanted = try ["10.96.0.80:80", "[fd96::80]:80"].map { try SocketAddress($0).required($0) }
        #expect(links.map(\.destination) == wanted)
        #expect(links.map(\.header) == wanted.map { SkMsg.header($0) })
        #expect(links.map(\.header.count) == [16, 28])
        #expect(try course.scene.observer.count(.skMsg, .tlvPushed) == 2)
        let reports = try course.scene.waitForLastReports(count: 2)
        #expect(reports.allSatisfy { $0.destination.port == WaypointStub.port && $0.originalDestination.port == 80 })
    }

    /// The waypoint's address is a virtual IP itself: the lookup goes on there.
    @Test(arguments: Preset.allCases)
    func theWaypointIsAService(_ preset: Preset) throws {
        let name = ServiceName(namespace: "ns", hostname: "way")
        var course = try Course(preset, by: Gateway(.service(name), port: 15008))
        #expect(try course.curl("http://10.96.0.80/") == "pod1:8080\n")
        #expect(course.stub.links.map(\.destination) == [SocketAddress("10.96.0.80:80")])
        #expect(try course.scene.observer.count(.connect4, .serviceWaypoint) == 1)
        #expect(try course.scene.observer.count(.connect4, .loadBalanced) == 1)
    }

    @Test func onlyTheFirstRequestOfAConnectionHasAHeader() throws {
        var course = try Course(.hardened)
        let answers = try course.curl("-w", "%{num_connects} ", "http://10.96.0.80/[1-20]")
        #expect(answers == "pod1:8080\n1 " + String(repeating: "pod1:8080\n0 ", count: 19))
        try #require(course.stub.links.count == 1)
        let request = String(decoding: course.stub.links[0].request, as: UTF8.self)
        let lines = request.components(separatedBy: "\r\n")
        #expect(lines.filter { $0.hasPrefix("GET ") }.count == 20)
        #expect(!request.unicodeScalars.contains("\u{1}"))
        #expect(try course.scene.observer.count(.skMsg, .tlvPushed) == 1)
        #expect(try course.scene.observer.count(.skMsg, .tlvNotNeeded) >= 19)
    }

    @Test func aLargeUploadArrivesWhole() throws {
        var course = try Course(.hardened)
        var random = SplitMix64(seed: 1)
        let block = (0..<(1 << 12)).flatMap { _ in littleEndianBytes(random.next()) }
        // 1 MiB; each block begins with its number.
        let bytes = (0..<32).flatMap { [UInt8($0)] + block.dropFirst() }
        let path = "\(course.scene.scratch.path)/upload"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        for (number, host) in ["10.96.0.80", "[fd96::80]"].enumerated() {
            let code = try course.curl(
                "-T", path, "-H", "Expect:", "-w", "%{http_code}", "http://\(host)/files/copy\(number)")
            #expect(code == "201")
            let copy = try Data(contentsOf: URL(fileURLWithPath: "\(course.scene.scratch.path)/files/copy\(number)"))
            #expect(copy == Data(bytes))
            #expect(course.stub.links.count == number + 1)
            let last = try #require(try course.scene.waitForLastReports(count: 1).last { $0.isLast })
            // The kernel counts what goes over the wire, so the header too.
            #expect(
                Int(last.sent_bytes) == course.stub.links[number].request.count + course.stub.links[number].header.count
            )
        }
    }

    private func littleEndianBytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
