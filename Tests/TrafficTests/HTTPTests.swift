import KernelABI
import Model
import Testing

/// curl and wrk call services of nginx by virtual IPs that are nobody's address.
@Suite(.serialized, needsKernel) struct HTTPTests {
    static let books = ["10.96.0.80", "fd96::80"]

    @Test(arguments: Preset.allCases)
    func curlReachesEveryEndpoint(_ preset: Preset) throws {
        var scene = try TrafficScene(preset)
        try scene.startNginx()
        let ports = [ServicePort(80, to: 8080), ServicePort(81, to: 9090)]
        try scene.add(.named("books", ["10.96.0.80"], ports: ports))
        try scene.add(.named("six", ["fd96::6"], ports: ports), families: [.v6])
        try scene.expectAnswers("http://10.96.0.80/", from: 8080)
        try scene.expectAnswers("http://10.96.0.80:81/", from: 9090)
        try scene.expectAnswers("http://[fd96::6]:81/", from: 9090)
    }

    /// Workloads with two addresses serve both families of a service only where the maps hold the second address.
    @Test func aDualStackServiceAnswersInBothFamilies() throws {
        var scene = try TrafficScene()
        try scene.startNginx()
        try scene.add(.named("books", Self.books), families: [.v4, .v6])
        try scene.expectAnswers("http://10.96.0.80/", from: 8080)
        try scene.expectAnswers("http://[fd96::80]/", from: 8080)
        #expect(try scene.observer.count(.connect6, .loadBalanced) > 0)
    }

    @Test func withoutTheMeshNobodyAnswers() throws {
        var scene = try TrafficScene()
        try scene.startNginx()
        try scene.add(.named("books", Self.books), families: [.v4, .v6])
        for url in ["http://10.96.0.80/", "http://[fd96::80]/"] {
            let outcome = try scene.clients.run(["curl", "-sS", "-m", "5", url], in: scene.stranger.number)
            // 7: no connection.
            #expect(outcome.code == 7, "\(url)")
        }
        #expect(try scene.observer.count([.connect4, .connect6], .notManaged) == 2)
        // A port that the service does not list is refused.
        #expect(try scene.clients.run(["curl", "-sS", "http://10.96.0.80:82/"], in: scene.client.number).code == 7)
        #expect(try scene.observer.count(.connect4, .portNotListed) == 1)
    }

    @Test(arguments: Preset.allCases)
    func reportsHoldTheBytesThatCurlCounts(_ preset: Preset) throws {
        var scene = try TrafficScene(preset)
        try scene.startNginx()
        try scene.add(.named("books", ["10.96.0.80"]))
        try scene.add(.named("six", ["fd96::80"]), endpoints: 2...3, families: [.v6])
        for base in ["http://10.96.0.80", "http://[fd96::80]"] { try Self.compareBytes(base, in: &scene) }
    }

    private static func compareBytes(_ base: String, in scene: inout TrafficScene) throws {
        let format = "%{size_request} %{size_header} %{size_download}"
        let text = try scene.curl("-o", "/dev/null", "-w", format, "\(base)/a", "--data", "0123456789")
        let numbers = text.split(separator: " ").compactMap { UInt32($0) }
        try #require(numbers.count == 3)
        let reports = try scene.waitForLastReports(count: 1)
        let last = try #require(reports.last { $0.isLast })
        // The request that curl counts has its body in it.
        #expect(last.sent_bytes == numbers[0])
        // The kernel counts the server's FIN where that comes before the end of curl's socket.
        #expect([0, 1].contains(last.received_bytes - numbers[1] - numbers[2]))
        #expect(last.originalDestination == SocketAddress(String(base.dropFirst("http://".count)) + ":80"))
        #expect(last.destination.port == 8080)
        #expect(last.connected == 1 && last.direction == KM_DIRECTION_OUTBOUND.rawValue)
        let first = try #require(reports.first)
        #expect(first.sent_bytes == 0 && first.last_report_ns == 0 && !first.isLast)
        #expect(last.duration_ns >= first.duration_ns && last.start_ns == first.start_ns)
    }

    @Test func wrkFinishesWithoutErrors() throws {
        var scene = try TrafficScene()
        try scene.startNginx()
        try scene.add(.named("books", Self.books), families: [.v4, .v6])
        for url in ["http://10.96.0.80/", "http://[fd96::80]/"] { try Self.load(url, in: &scene) }
    }

    /// A second of wrk, and what the reports tell of it.
    private static func load(_ url: String, in scene: inout TrafficScene) throws {
        let text = try scene.clients.output(
            ["wrk", "-t", "2", "-c", "6", "-d", "1s", url], in: scene.client.number)
        // wrk names errors only where there are some.
        #expect(!text.contains("Socket errors") && !text.contains("Non-2xx"), "\(text)")
        let line = try #require(text.split(separator: "\n").first { $0.contains("requests in") })
        let requestCount = try #require(line.split(separator: " ").first.flatMap { Int($0) })
        #expect(requestCount > 100)
        print("wrk, \(url):\(line)")
        // One connection before the six, to learn the server's first answer.
        let last = try scene.waitForLastReports(count: 6, of: url.contains("[") ? .v6 : .v4).filter(\.isLast)
        let received = last.reduce(0) { $0 + Int($1.received_bytes) }
        let sent = last.reduce(0) { $0 + Int($1.sent_bytes) }
        // Each request and answer is of one size, but the last ones may not have been counted or come whole.
        #expect(sent / requestCount > 20 && received / requestCount > 100)
        #expect(Set(last.map(\.destination)).count > 1)
        #expect(last.allSatisfy { $0.destination.port == 8080 && $0.originalDestination.port == 80 })
    }
}

extension TrafficScene {
    /// Asks until each pod has answered; each answer names the port that the service's port means.
    mutating func expectAnswers(_ url: String, from port: Int) throws {
        let wanted = Set(Self.podNumbers.map { "pod\($0):\(port)" })
        var seen: Set<String> = []
        // Thirty independent draws among three miss one of them once in 64,000 times.
        for _ in 0..<3 where seen != wanted {
            // Ten connections of one process: curl would keep one open.
            let answers = try curl("-H", "Connection: close", "\(url)?[1-10]")
            seen.formUnion(answers.split(separator: "\n").map(String.init))
        }
        #expect(seen == wanted, "\(url)")
    }

    /// Waits for the reports of the ends of so many connections; all reports that came.
    func waitForLastReports(count: Int, of family: AddressFamily? = nil) throws -> [km_connection_report] {
        var reports: [km_connection_report] = []
        try waitUntil("\(count) connections have ended") {
            reports += try observer.takeReports().filter { family == nil || $0.destination.address.family == family }
            return reports.count { $0.isLast } >= count
        }
        return reports
    }
}
