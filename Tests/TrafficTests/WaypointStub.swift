import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

/// What a waypoint does of its work: it reads where a connection wanted to go, connects on, and forwards both ways. It is
/// not of the mesh, so it is not redirected, and it chooses the pods of a virtual IP by itself.
struct WaypointStub {
    /// One connection through the waypoint.
    struct Link {
        let client: SocketNumber
        /// nil when the link is over.
        var server: SocketNumber?
        /// The bytes before the payload, as they came.
        let header: [UInt8]
        /// Where the header says that the client wanted to go.
        let destination: SocketAddress
        /// The payload from the client.
        var request: [UInt8] = []
    }

    /// The port of a waypoint's pods.
    static let port: UInt16 = 15019

    /// Which pod a virtual IP means.
    private let pods: [SocketAddress: SocketAddress]
    private let namespace: NamespaceNumber
    private let listeners: ListeningPair
    private(set) var links: [Link] = []

    /// Begins to listen, on all addresses.
    init(
        _ pods: [SocketAddress: SocketAddress], in namespace: NamespaceNumber, _ driver: inout SocketDriver
    ) throws {
        self.pods = pods
        self.namespace = namespace
        listeners = try driver.listen(on: [Self.port], in: namespace)[Self.port].required("the waypoint's port")
    }

    /// Takes what has come, without waiting long.
    mutating func pump(_ driver: inout SocketDriver) throws {
        for listener in [listeners.v4, listeners.v6] {
            guard
                let accepted = try driver.unlessSilent({ (driver) throws(DriverError) in
                    try driver.accept(listener, timeoutMilliseconds: 1)
                })
            else { continue }
            links.append(try begin(accepted.socket, &driver))
        }
        for index in links.indices where links[index].server != nil { try forward(&links[index], &driver) }
    }

    /// Reads the header and connects on.
    private func begin(_ client: SocketNumber, _ driver: inout SocketDriver) throws -> Link {
        var header = try driver.receive(exactly: 5, on: client)
        try #require(header.count == 5 && header[0] == 0x01 && header[1..<4].allSatisfy { $0 == 0 })
        // The value, and the record that ends the list.
        let byteCount = Int(header[4])
        header += try driver.receive(exactly: byteCount + 5, on: client)
        let port = header[5 + byteCount - 2..<5 + byteCount].reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
        let address = try IPAddress(bytes: header[5..<5 + byteCount - 2]).required("an address in \(header)")
        let destination = SocketAddress(address, port: port)
        let pod = try pods[destination.unmapped].required("a pod for \(destination)")
        var request = ConnectRequest(to: pod, in: namespace)
        request.acceptingNamespace = nil
        let outcome = try driver.connect(request)
        try #require(outcome.errno == 0)
        return Link(client: client, server: outcome.socket, header: header, destination: destination)
    }

    private func forward(_ link: inout Link, _ driver: inout SocketDriver) throws {
        guard let server = link.server else { return }
        if let bytes = try driver.receiveSome(on: link.client) {
            if bytes.isEmpty {
                // The client is gone: both ends go.
                link.server = nil
                try driver.close(server, .reset)
                try driver.close(link.client, .reset)
                return
            }
            link.request += bytes
            try #require(try driver.send(bytes, on: server) == bytes.count)
        }
        if let bytes = try driver.receiveSome(on: server), !bytes.isEmpty {
            try #require(try driver.send(bytes, on: link.client) == bytes.count)
        }
    }
}

extension SocketDriver {
    /// What has come within a millisecond: nothing at the end of the stream, nil when nothing came.
    mutating func receiveSome(on socket: SocketNumber) throws -> [UInt8]? {
        try unlessSilent { (driver) throws(DriverError) in
            try driver.receive(atMost: 1 << 18, on: socket, timeoutMilliseconds: 1)
        }
    }

    /// The result of a call that waits; nil when the time is up.
    mutating func unlessSilent<Result>(
        _ body: (inout SocketDriver) throws(DriverError) -> Result
    ) throws(DriverError) -> Result? {
        do throws(DriverError) {
            return try body(&self)
        } catch {
            if error.errno == ETIMEDOUT { return nil }
            throw error
        }
    }
}
