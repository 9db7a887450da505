import Foundation
import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import TestSupport
import Testing

/// A node with two namespaces that a veth pair joins: pod `shop/web-1` at 10.1.0.2, and a client at 10.1.0.1, which is
/// `shop/client` in the mesh and runs elsewhere. Both listen on port 80.
struct AuthorizationScene: ~Copyable {
    var node: TestNode
    let web: NamespaceMade
    let client: NamespaceMade

    static let webAddress = IPAddress.v4(0x0A01_0002)
    static let clientAddress = IPAddress.v4(0x0A01_0001)

    /// - Parameter mesh: Files beside those of the two pods.
    init(_ mesh: [String: String] = [:], _ options: String..., meshHasWeb: Bool = true) throws {
        var files = ["client.yaml": Manifests.pod("client", "10.1.0.1", app: "client", node: "node-b")]
        if meshHasWeb { files["web.yaml"] = Manifests.pod("web-1", "10.1.0.2", app: "web") }
        var node = try TestNode(files.merging(mesh) { $1 })
        node.options = options
        let web = try node.driver.makeNamespace(isEveryAddressLocal: false)
        let client = try node.driver.makeNamespace(isEveryAddressLocal: false)
        for (namespace, command) in [
            (web, "ip link add eth0 type veth peer name eth0 netns \(client.path)"),
            (web, "ip link set eth0 up && ip address add 10.1.0.2/24 dev eth0"),
            (client, "ip link set eth0 up && ip address add 10.1.0.1/24 dev eth0"),
        ] {
            #expect(try node.driver.run(["sh", "-c", command], in: namespace.number).code == 0, "\(command)")
        }
        for namespace in [web, client] { _ = try node.driver.listen(on: [80], in: namespace.number) }
        self.node = node
        self.web = web
        self.client = client
    }

    /// Takes the pod into the mesh, and waits until it is judged.
    mutating func manage() throws {
        let done = try node.tool("manage", "--netns", web.path, "--pod", "shop/web-1")
        #expect(done.code == 0, "\(done.errors)")
        try node.waitForLog("judged pod=shop/web-1 interface=eth0")
    }

    /// Replaces a file of the mesh, and waits until it is in force.
    mutating func change(_ name: String, _ text: String) throws {
        let count = node.log.components(separatedBy: " mesh changed").count - 1
        try node.write(name, text)
        try node.waitForLog(" mesh changed", count: count + 1)
    }

    /// Removes a file of the mesh, and waits until that is in force.
    mutating func remove(_ name: String) throws {
        let count = node.log.components(separatedBy: " mesh changed").count - 1
        try node.remove(name)
        try node.waitForLog(" mesh changed", count: count + 1)
    }

    /// From the client to the pod.
    mutating func connectIn(port: UInt16 = 80) throws -> ConnectOutcome {
        try connect(client, web, SocketAddress(Self.webAddress, port: port))
    }

    /// From the pod to the client.
    mutating func connectOut() throws -> ConnectOutcome {
        try connect(web, client, SocketAddress(Self.clientAddress, port: 80))
    }

    private mutating func connect(
        _ from: NamespaceMade, _ to: NamespaceMade, _ address: SocketAddress
    ) throws -> ConnectOutcome {
        var request = ConnectRequest(to: address, in: from.number)
        request.acceptingNamespace = to.number
        request.timeoutMilliseconds = 300
        return try node.driver.connect(request)
    }

    /// Whether bytes that the connecting end sends arrive.
    mutating func goesThrough(_ connection: ConnectOutcome, milliseconds: UInt32 = 300) throws -> Bool {
        let accepted = try #require(connection.accepted)
        try node.driver.send([1, 2, 3], on: connection.socket)
        do throws(DriverError) {
            return try node.driver.receive(
                exactly: 3, on: accepted.socket, timeoutMilliseconds: milliseconds) == [1, 2, 3]
        } catch {
            #expect(error.errno == ETIMEDOUT, "\(error)")
            return false
        }
    }
}

extension Manifests {
    /// An AuthorizationPolicy of the namespace `shop`; `spec` as in YAML's flow style.
    static func policy(_ name: String, _ spec: String, namespace: String = "shop") -> String {
        """
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: \(name), namespace: \(namespace)}
        spec: \(spec)

        """
    }

    /// Denies everything to the namespace.
    static let denyAll = policy("deny-all", "{action: DENY, rules: [{}]}")
    /// Lets nobody in but a service account that nobody has.
    static let allowNobody = policy(
        "allow-nobody", "{action: ALLOW, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/none]}}]}]}")
    /// Lets the namespace in, to port 80.
    static let allowShop = policy(
        "allow-shop",
        "{action: ALLOW, rules: [{from: [{source: {namespaces: [shop]}}], to: [{operation: {ports: [\"80\"]}}]}]}")
}
