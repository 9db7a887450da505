import Model

/// Makes `scenarios/captures/books.pcap`: what passes the interface of pod productpage-v1 of the book shop within a few
/// seconds, before there is a mesh. Services answer with their own addresses, as behind kube-proxy.
///
/// The addresses are those that `scenarios/mesh/books.yaml` gets with the nodes of `scenarios/books.yaml`.
public struct SampleCapture {
    /// Numbers of packets that documents and tests show, by what they are.
    public enum Landmark: String, Sendable, CaseIterable {
        /// The SYN of the first connection to details.
        case connect
        /// A request that another segment carries once more.
        case retransmission
        /// A segment that has no room for ESP around it.
        case largeSegment
        /// The first SYN to a port that ratings does not list.
        case unlistedPort
        /// The first SYN to ratings.
        case ratings
        /// The answer to the first request to details.
        case answer
    }

    /// The pcap file: Ethernet, microseconds.
    public private(set) var bytes: [UInt8] = []
    public private(set) var landmarks: [Landmark: Int] = [:]
    private var packetCount = 0
    /// Microseconds since 1970: 15 January 2026, 09:30 UTC.
    private var time: UInt64 = 1_768_469_400_000_000
    private var identification: UInt16 = 0x2a10

    private static let page = ip("10.244.2.2")
    private static let gateway = ip("10.244.2.1")
    private static let details = ip("10.96.172.165")
    private static let reviews = ip("10.96.230.24")
    private static let ratings = ip("10.96.84.95")
    private static let ratingsPod = ip("10.244.1.3")
    private static let resolver = ip("10.96.0.10")
    /// A documentation address.
    private static let shop = ip("203.0.113.80")
    private static let pageHardware: [UInt8] = [0x0a, 0x58, 0x0a, 0xf4, 0x02, 0x02]
    private static let gatewayHardware: [UInt8] = [0x0a, 0x58, 0x0a, 0xf4, 0x02, 0x01]

    /// Makes the whole capture; always the same bytes.
    public init() {
        // Magic of microseconds, version 2.4, two unused numbers, snap length, Ethernet.
        for number in [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 262_144, 1] as [UInt32] { append(number) }
        neighbours()
        earlier()
        pageView()
        reviewsWithRetransmission()
        post()
        unlistedPort()
        outside()
        ping()
    }

    // MARK: What happens

    /// The pod asks who its gateway is.
    private mutating func neighbours() {
        func message(_ operation: UInt8, from: ([UInt8], IPAddress), to: ([UInt8], IPAddress)) -> [UInt8] {
            [0, 1, 8, 0, 6, 4, 0, operation] + from.0 + from.1.bytes + to.0 + to.1.bytes
        }
        let (page, gateway) = ((Self.pageHardware, Self.page), (Self.gatewayHardware, Self.gateway))
        let nobody = [UInt8](repeating: 0, count: 6)
        let everybody = [UInt8](repeating: 0xff, count: 6)
        frame(message(1, from: page, to: (nobody, Self.gateway)), [8, 6], from: Self.pageHardware, to: everybody)
        frame(message(2, from: gateway, to: page), [8, 6], from: Self.gatewayHardware, to: Self.pageHardware)
    }

    /// Two connections that are open already.
    private mutating func earlier() {
        for (service, port) in [(Self.details, 41_022), (Self.reviews, 41_036)] as [(IPAddress, UInt16)] {
            var call = Call(Self.page, port, service, 9080, clientSequence: 77_000, serverSequence: 33_000)
            send(call.request(Self.get("/health")))
            send(call.answer(Self.okay("{}")))
            send(call.acknowledgement())
        }
    }

    /// A page is asked for: a name, details, reviews, and stars from ratings; the kubelet looks in between.
    private mutating func pageView() {
        lookUp("details.books.svc.cluster.local", Self.details, port: 50_120, identifier: 0x51e1)
        var call = Call(Self.page, 41_050, Self.details, 9080, clientSequence: 1_000, serverSequence: 9_000)
        open(&call, landmark: .connect)
        send(call.request(Self.get("/details/0")))
        mark(.answer)
        send(call.answer(Self.okay(#"{"id":0,"author":"William Shakespeare","year":1595,"type":"paperback"}"#)))
        close(&call)

        // The kubelet asks from the node's own address.
        var probe = Call(ip("192.168.0.12"), 58_300, Self.page, 8080, clientSequence: 500, serverSequence: 600)
        open(&probe)
        send(probe.request(Self.get("/productpage")))
        send(probe.answer(Self.okay("<title>Simple Bookstore App</title>")))
        close(&probe)

        lookUp("reviews.books.svc.cluster.local", Self.reviews, port: 50_121, identifier: 0x51e2)
        for number in 0..<5 as Range<UInt16> {
            var call = Call(
                Self.page, 41_060 + number, Self.reviews, 9080, clientSequence: 2_000 + 100 * UInt32(number),
                serverSequence: 8_000)
            open(&call)
            send(call.request(Self.get("/reviews/0")))
            send(call.answer(Self.okay(#"{"id":"0","reviews":[{"reviewer":"Reviewer1","text":"Reads well."}]}"#)))
            close(&call)
        }
        for number in 0..<2 as Range<UInt16> {
            var call = Call(
                Self.page, 41_070 + number, Self.ratings, 9080, clientSequence: 3_000 + 100 * UInt32(number),
                serverSequence: 7_000)
            if number == 0 { mark(.ratings) }
            open(&call)
            send(call.request(Self.get("/ratings/0")))
            send(call.answer(Self.okay(#"{"id":0,"ratings":{"Reviewer1":5,"Reviewer2":4}}"#)))
            close(&call)
        }
    }

    /// A request is lost once.
    private mutating func reviewsWithRetransmission() {
        var call = Call(Self.page, 41_080, Self.reviews, 9080, clientSequence: 4_000, serverSequence: 6_000)
        open(&call)
        let request = call.request(Self.get("/reviews/1"))
        send(request)
        time += 204_000
        mark(.retransmission)
        send(request)
        send(call.answer(Self.okay(#"{"id":"1","reviews":[]}"#)))
        close(&call)
    }

    /// A request fills a segment of 1460 bytes.
    private mutating func post() {
        var call = Call(Self.page, 41_090, Self.reviews, 9080, clientSequence: 5_000, serverSequence: 5_000)
        open(&call)
        let head = "POST /reviews/0 HTTP/1.1\r\nHost: reviews:9080\r\nContent-Length: 1600\r\n\r\n"
        let body = String(repeating: "A long review. ", count: 107).prefix(1600 - 1) + "."
        let request = Array((head + body).utf8)
        mark(.largeSegment)
        send(call.request(Array(request.prefix(1460))))
        send(call.request(Array(request.dropFirst(1460))))
        send(call.answer(Self.okay("{}")))
        close(&call)
    }

    /// Nobody answers on port 80 of ratings.
    private mutating func unlistedPort() {
        var call = Call(Self.page, 41_100, Self.ratings, 80, clientSequence: 6_000, serverSequence: 0)
        mark(.unlistedPort)
        let opening = call.opening()
        for pause in [0, 1_000_000, 2_000_000] as [UInt64] {
            time += pause
            send(opening)
        }
    }

    /// Something that is in no mesh.
    private mutating func outside() {
        lookUp("shop.example.com", Self.shop, port: 50_122, identifier: 0x51e3)
        var call = Call(Self.page, 41_110, Self.shop, 443, clientSequence: 7_000, serverSequence: 4_000)
        open(&call)
        send(call.request([0x16, 3, 1, 0, 4, 1, 0, 0, 0]))
        send(call.answer([0x15, 3, 1, 0, 2, 2, 40]))
        close(&call)
    }

    private mutating func ping() {
        let there = (kind: 8 as UInt8, source: Self.page, destination: Self.ratingsPod)
        let back = (kind: 0 as UInt8, source: Self.ratingsPod, destination: Self.page)
        for number in 1...2 as ClosedRange<UInt8> {
            for echo in [there, back] {
                var message: [UInt8] = [echo.kind, 0, 0, 0, 0x1f, 0x40, 0, number] + Array("abcdefghijklmnop".utf8)
                message.replaceSubrange(2..<4, with: InternetChecksum.of(message).networkBytes)
                let ends = PacketFlow(
                    source: SocketAddress(echo.source, port: 0), destination: SocketAddress(echo.destination, port: 0))
                var packet = IPPacket(ends, payload: message)
                packet.protocolNumber = .icmp
                send(packet)
            }
        }
    }

    // MARK: Connections

    /// A TCP connection with the numbers that come next.
    private struct Call {
        let flow: PacketFlow
        private var clientSequence: UInt32
        private var serverSequence: UInt32

        init(
            _ client: IPAddress, _ clientPort: UInt16, _ server: IPAddress, _ port: UInt16, clientSequence: UInt32,
            serverSequence: UInt32
        ) {
            flow = PacketFlow(
                source: SocketAddress(client, port: clientPort), destination: SocketAddress(server, port: port))
            self.clientSequence = clientSequence
            self.serverSequence = serverSequence
        }

        private func packet(_ isRequest: Bool, _ flags: TCPFlags, _ payload: [UInt8] = []) -> IPPacket {
            var packet = IPPacket(isRequest ? flow : flow.reversed, flags, payload: payload)
            packet.sequence = isRequest ? clientSequence : serverSequence
            guard flags.contains(.ack) else { return packet }
            packet.acknowledgement = isRequest ? serverSequence : clientSequence
            return packet
        }

        /// SYN with a maximum segment size of 1460.
        mutating func opening() -> IPPacket {
            var opening = packet(true, .syn)
            opening.tcpOptions = [2, 4, 0x05, 0xb4]
            clientSequence += 1
            return opening
        }

        mutating func accepting() -> IPPacket {
            var accepting = packet(false, [.syn, .ack])
            accepting.tcpOptions = [2, 4, 0x05, 0xb4]
            serverSequence += 1
            return accepting
        }

        func acknowledgement(byServer: Bool = false) -> IPPacket { packet(!byServer, .ack) }

        mutating func request(_ payload: [UInt8]) -> IPPacket {
            defer { clientSequence += UInt32(payload.count) }
            return packet(true, [.ack, .psh], payload)
        }

        mutating func answer(_ payload: [UInt8]) -> IPPacket {
            defer { serverSequence += UInt32(payload.count) }
            return packet(false, [.ack, .psh], payload)
        }

        mutating func ending(byServer: Bool) -> IPPacket {
            defer { if byServer { serverSequence += 1 } else { clientSequence += 1 } }
            return packet(!byServer, [.ack, .fin])
        }
    }

    private mutating func open(_ call: inout Call, landmark: Landmark? = nil) {
        if let landmark { mark(landmark) }
        send(call.opening())
        send(call.accepting())
        send(call.acknowledgement())
    }

    private mutating func close(_ call: inout Call) {
        send(call.ending(byServer: false))
        send(call.ending(byServer: true))
        send(call.acknowledgement())
    }

    private static func get(_ path: String) -> [UInt8] { Array("GET \(path) HTTP/1.1\r\nHost: books\r\n\r\n".utf8) }

    private static func okay(_ body: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// A question for an IPv4 address and its answer.
    private mutating func lookUp(_ name: String, _ address: IPAddress, port: UInt16, identifier: UInt16) {
        var question: [UInt8] = []
        for label in name.split(separator: ".") { question += [UInt8(label.utf8.count)] + Array(label.utf8) }
        question += [0, 0, 1, 0, 1]
        let flow = PacketFlow(
            source: SocketAddress(Self.page, port: port), destination: SocketAddress(Self.resolver, port: 53))
        let id = identifier.networkBytes
        send(.udp(flow, payload: id + [1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + question))
        let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4] + address.bytes
        send(.udp(flow.reversed, payload: id + [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0] + question + record))
    }

    // MARK: The file

    private mutating func mark(_ landmark: Landmark) { landmarks[landmark] = packetCount + 1 }

    private mutating func send(_ packet: IPPacket) {
        var packet = packet
        let isOwn = packet.flow.source.address == Self.page
        if !isOwn, packet.flow.source.address != ip("192.168.0.12") { packet.timeToLive = 62 }
        packet.identification = identification
        identification &+= 1
        let ends = isOwn ? (Self.pageHardware, Self.gatewayHardware) : (Self.gatewayHardware, Self.pageHardware)
        frame(packet.bytes, [8, 0], from: ends.0, to: ends.1)
    }

    private mutating func frame(_ packet: [UInt8], _ type: [UInt8], from source: [UInt8], to destination: [UInt8]) {
        let frame = destination + source + type + packet
        time += 317
        packetCount += 1
        for number in [time / 1_000_000, time % 1_000_000, UInt64(frame.count), UInt64(frame.count)] {
            append(UInt32(truncatingIfNeeded: number))
        }
        bytes += frame
    }

    /// The lowest byte first.
    private mutating func append(_ number: UInt32) {
        for shift in stride(from: 0 as UInt32, to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension UInt16 {
    fileprivate var networkBytes: [UInt8] { [UInt8(self >> 8), UInt8(truncatingIfNeeded: self)] }
}

/// An address written in the source.
private func ip(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
    return address
}
