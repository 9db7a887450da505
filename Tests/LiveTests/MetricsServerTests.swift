import Glibc
import Live
import Model
import Synchronization
import Testing

/// A TCP connection to a port of 127.0.0.1 or ::1.
private struct Client: ~Copyable {
    let socket: Descriptor

    init(port: UInt16, isV6: Bool = false) throws {
        let raw = Glibc.socket(isV6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        try #require(raw >= 0)
        let socket = Descriptor(adopting: raw)
        var (v4, v6) = (sockaddr_in(), sockaddr_in6())
        (v4.sin_family, v4.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
        v4.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        (v6.sin6_family, v6.sin6_port, v6.sin6_addr) = (sa_family_t(AF_INET6), port.bigEndian, in6addr_loopback)
        func connect<Storage>(_ storage: inout Storage) -> CInt {
            let byteCount = socklen_t(MemoryLayout<Storage>.size)
            // In bounds: the kernel reads as many bytes as the structure has.
            return unsafe withUnsafePointer(to: &storage) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(raw, $0, byteCount) }
            }
        }
        try #require((isV6 ? connect(&v6) : connect(&v4)) == 0, "connect: \(errno)")
        self.socket = socket
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        // In bounds: the array's bytes, by its count.
        let count = socket.withRaw { unsafe Glibc.send($0, bytes, bytes.count, CInt(MSG_NOSIGNAL)) }
        #expect(count == bytes.count)
    }

    /// All until the server closes.
    func rest() throws -> String {
        var (all, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        while true {
            let isReadable = socket.withRaw { waitUntilReadable($0) }
            try #require(isReadable, "no answer")
            let count = socket.withRaw { raw in
                // In bounds: recv(2) writes at most the array's size.
                unsafe chunk.withUnsafeMutableBytes { unsafe recv(raw, $0.baseAddress, $0.count, 0) }
            }
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += chunk.prefix(count)
        }
    }
}

private struct Answer {
    var status: Int
    var headers: [String: String] = [:]
    var body: String

    init(_ text: String) throws {
        let end = try #require(text.firstRange(of: "\r\n\r\n"))
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        status = try #require(Int(lines[0].split(separator: " ")[1]))
        for line in lines.dropFirst() {
            let colon = try #require(line.firstIndex(of: ":"))
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        body = String(text[end.upperBound...])
    }
}

private func ask(_ port: UInt16, _ method: String, _ path: String, isV6: Bool = false) throws -> Answer {
    let client = try Client(port: port, isV6: isV6)
    client.send("\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return try Answer(try client.rest())
}

private let loopback = ListenAddress(.v4(0x7f00_0001), port: 0)
private let family = MetricFamily("a_total", .counter, help: "A.", [.init([], 5)])

/// Shared by a test and its server's thread; hence a class.
private final class Flag: Sendable {
    let isSet = Atomic(false)
}

@Test func metricsAndHealthAreServed() throws {
    let flag = Flag()
    let server = try MetricsServer(
        on: loopback,
        routes: MetricsRoutes(metrics: { [family] }, isReady: { flag.isSet.load(ordering: .relaxed) }))
    let port = server.address.port
    #expect(port != 0)
    let metrics = try ask(port, "GET", "/metrics")
    #expect(metrics.status == 200)
    #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    #expect(try Exposition(metrics.body).samples == ["a_total": 5])
    let head = try ask(port, "HEAD", "/metrics")
    #expect(head.status == 200 && head.body.isEmpty)
    #expect(head.headers["content-length"] == "\(metrics.body.utf8.count)")
    #expect(try ask(port, "GET", "/metrics?name[]=x").status == 200)
    #expect(try ask(port, "GET", "/healthz").status == 200)
    #expect(try ask(port, "GET", "/readyz").status == 503)
    flag.isSet.store(true, ordering: .relaxed)
    #expect(try ask(port, "GET", "/readyz").status == 200)
    #expect(try ask(port, "GET", "/").status == 404)
    #expect(try ask(port, "GET", "/metrics/").status == 404)
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = try ask(port, method, "/metrics")
        #expect(answer.status == 405 && answer.headers["allow"] == "GET, HEAD", "\(method)")
    }
}

@Test func aRequestWithABodyIsAnsweredToo() throws {
    let server = try MetricsServer(on: loopback, routes: MetricsRoutes(metrics: { [family] }))
    let client = try Client(port: server.address.port)
    client.send("POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
    #expect(try Answer(try client.rest()).status == 405)
    let bad = try Client(port: server.address.port)
    bad.send("nonsense\r\n\r\n")
    // Ends the connection, at least.
    _ = try bad.rest()
    #expect(try ask(server.address.port, "GET", "/metrics").status == 200)
}

@Test func aServerListensOnEachFamilyOrBoth() throws {
    let routes = MetricsRoutes(metrics: { [family] })
    let v6 = try MetricsServer(on: ListenAddress(.v6(high: 0, low: 1), port: 0), routes: routes)
    #expect(try ask(v6.address.port, "GET", "/healthz", isV6: true).status == 200)
    let all = try MetricsServer(on: try #require(ListenAddress(":0")), routes: routes)
    #expect(try ask(all.address.port, "GET", "/healthz", isV6: true).status == 200)
    #expect(try ask(all.address.port, "GET", "/healthz").status == 200)
}

@Test func aTakenAddressIsNamedAndAFreedOneIsFree() throws {
    let routes = MetricsRoutes(metrics: { [] })
    let address: ListenAddress
    do {
        let first = try MetricsServer(on: loopback, routes: routes)
        address = first.address
        do throws(KernelError) {
            _ = try MetricsServer(on: address, routes: routes)
            Issue.record("two servers listen on one address")
        } catch {
            #expect(error.description == "cannot listen on 127.0.0.1:\(address.port): Address already in use")
        }
    }
    let second = try MetricsServer(on: address, routes: routes)
    #expect(try ask(second.address.port, "GET", "/healthz").status == 200)
}

@Test func aSlowClientHoldsNobodyUp() throws {
    let server = try MetricsServer(on: loopback, routes: MetricsRoutes(metrics: { [family] }))
    let slow = try Client(port: server.address.port)
    slow.send("GET /metrics HT")
    #expect(try ask(server.address.port, "GET", "/metrics").status == 200)
    slow.send("TP/1.1\r\nHost: x\r\nConnection: close\r\n")
    #expect(try ask(server.address.port, "GET", "/healthz").status == 200)
    slow.send("\r\n")
    #expect(try Answer(try slow.rest()).body.contains("a_total 5"))
}

@Test func manyClientsAreServedAtOnce() async throws {
    let server = try MetricsServer(on: loopback, routes: MetricsRoutes(metrics: { [family] }))
    let port = server.address.port
    let statuses = try await withThrowingTaskGroup { group in
        for _ in 0..<4 {
            group.addTask { try (0..<100).map { _ in try ask(port, "GET", "/metrics").status } }
        }
        return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(statuses == Array(repeating: 200, count: 400))
    #expect(try ask(server.address.port, "GET", "/healthz").status == 200)
}

@Test func aRunningServerWithOpenConnectionsStops() throws {
    let client: Client
    do {
        let server = try MetricsServer(on: loopback, routes: MetricsRoutes(metrics: { [] }))
        client = try Client(port: server.address.port)
        client.send("GET /metrics HTTP/1.1\r\n")
    }
    #expect(try client.rest() == "")
}

@Test(
    arguments: [
        ("127.0.0.1:9090", "127.0.0.1:9090"), ("[::1]:9090", "[::1]:9090"), (":9090", ":9090"), (":0", ":0"),
        ("9090", nil), ("localhost:9090", nil), ("127.0.0.1", nil), ("::1:9090", nil), (":65536", nil), (":", nil),
        ("", nil),
        ("127.0.0.1:-1", nil),
    ] as [(String, String?)])
func listenAddressesAreReadStrictly(_ text: String, written: String?) {
    #expect(ListenAddress(text)?.description == written)
}
