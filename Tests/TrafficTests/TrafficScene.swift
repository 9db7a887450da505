import Glibc
import KernelABI
import KernelTestSupport
import Live
import Model
import SocketDriverProtocol
import TestSupport
import Testing

/// The suites' condition; skipped tests show the reason.
let needsKernel: any SuiteTrait & TestTrait = .enabled(
    if: KernelPrivilege.isAvailable, Comment(rawValue: KernelPrivilege.absence))

/// A client's namespace whose processes our programs serve, and a server's namespace that knows nothing of them, joined
/// by a veth pair. Virtual IPs are nobody's address: no interface has them, and no route leads there.
struct TrafficScene: ~Copyable {
    /// Addresses of the server's interface, by number from 1: 10.77.0.N and fd77::N, the latter hexadecimal.
    static let podNumbers = 1...3

    private let cgroup: TestCgroup
    private let pins: TestPinDirectory
    let dataplane: Dataplane
    let observer: Observer
    /// What runs here is in the cgroup.
    var clients: SocketDriver
    /// What runs here is not.
    var servers: SocketDriver
    /// Managed.
    let client: NamespaceMade
    /// Like `client`, on the same wire, but not managed.
    let stranger: NamespaceMade
    let server: NamespaceMade
    let scratch: ScratchDirectory
    private var compiler: Compiler
    private var mesh = Mesh()

    /// Loads and attaches the programs, makes the namespaces and the wires.
    init(_ preset: Preset = .hardened) throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        let options = DataplaneOptions(preset)
        let dataplane = try Dataplane(ProgramSettings(options: options), pins: PinDirectory(pins.path))
        try dataplane.attach(cgroup: cgroup.directory)
        let observer = try Observer(dataplane)
        var clients = try SocketDriver(inCgroup: cgroup.directory)
        try clients.useStorageMap("\(pins.path)/km_sockstorage")
        var servers = try SocketDriver()
        let client = try clients.makeNamespace(isEveryAddressLocal: false)
        let stranger = try clients.makeNamespace(isEveryAddressLocal: false)
        let server = try servers.makeNamespace(isEveryAddressLocal: false)
        try Self.wire(server, client, stranger, &servers, &clients)
        try Self.manage(client, number: 100, in: dataplane)
        let scratch = try ScratchDirectory()
        self.scratch = scratch
        self.compiler = Compiler(node: "n1", options: options)
        self.cgroup = cgroup
        self.pins = pins
        self.dataplane = dataplane
        self.observer = observer
        self.clients = clients
        self.servers = servers
        (self.client, self.stranger, self.server) = (client, stranger, server)
    }

    /// Puts the pods' addresses on a bridge in the server's namespace and joins the clients' namespaces to it.
    private static func wire(
        _ server: NamespaceMade, _ client: NamespaceMade, _ stranger: NamespaceMade, _ servers: inout SocketDriver,
        _ clients: inout SocketDriver
    ) throws {
        let numbers = podNumbers + [53]
        try servers.shell(
            "ip link add b0 type bridge && ip link set b0 up && "
                + numbers.map { "\(addAddresses($0, to: "b0"))" }
                .joined(separator: " && "), in: server.number)
        for (namespace, number) in [(client, 100), (stranger, 101)] {
            try servers.shell(
                """
                ip link add s\(number) type veth peer name c0 netns \(namespace.path) &&
                ip link set s\(number) master b0 up
                """, in: server.number)
            try clients.shell(
                """
                ip link set c0 up && \(addAddresses(number, to: "c0"))
                """, in: namespace.number)
        }
    }

    /// Puts a namespace into the mesh: by its cookie, and by its addresses for preset upstream.
    private static func manage(
        _ namespace: NamespaceMade, number: UInt32, in dataplane: borrowing Dataplane
    ) throws {
        let keys = [
            ManageKey(cookie: namespace.cookie), ManageKey(podAddress(number, .v4)),
            ManageKey(podAddress(number, .v6)),
        ]
        _ = try dataplane.maps.apply(keys.map { .put(.manage($0, ManageValue(state: 0))) })
    }

    /// The commands that give an interface the addresses of a number.
    private static func addAddresses(_ number: Int, to interface: String) -> String {
        let (v4, v6) = (podAddress(UInt32(number), .v4), podAddress(UInt32(number), .v6))
        return "ip address add \(v4)/24 dev \(interface) && ip address add \(v6)/64 dev \(interface) nodad"
    }

    // MARK: The mesh

    /// An address on the wire.
    static func podAddress(_ number: UInt32, _ family: AddressFamily) -> IPAddress {
        family == .v4 ? .v4(0x0A4D_0000 | number) : .v6(high: 0xfd77_0000_0000_0000, low: UInt64(number))
    }

    /// Adds a service, and a workload for each number with addresses of these families.
    mutating func add(
        _ service: Service, endpoints: ClosedRange<Int> = podNumbers, families: [AddressFamily] = [.v4]
    ) throws {
        try apply(.setService(service))
        for number in endpoints {
            // One pod each for a service: what other services have stays as it is.
            let name = "\(service.name.hostname)-\(number)"
            let uid = WorkloadUID(cluster: "c", podNamespace: "ns", pod: name)
            var workload = Workload(uid, name: name, namespace: "ns", cluster: "c")
            workload.addresses = families.map { Self.podAddress(UInt32(number), $0) }
            workload.services[service.name] = []
            try apply(.setWorkload(workload))
        }
    }

    /// Compiles a change and writes it.
    mutating func apply(_ change: MeshChange) throws {
        var writes: [MapWrite] = []
        #expect(compiler.compile(change, into: &writes) == nil)
        mesh.apply(change)
        _ = try dataplane.maps.apply(writes)
    }
}

extension Service {
    /// A service of the tests with virtual IPs and ports.
    static func named(
        _ name: String, _ addresses: [String], ports: [ServicePort] = [ServicePort(80, to: 8080)],
        waypoint: Gateway? = nil
    ) throws -> Service {
        Service(
            ServiceName(namespace: "ns", hostname: name),
            addresses: try addresses.map { NetworkAddress(try #require(IPAddress($0))) }, ports: ports,
            waypoint: waypoint)
    }
}

extension SocketDriver {
    /// Runs a shell's commands, which must succeed.
    mutating func shell(_ commands: String, in namespace: NamespaceNumber) throws {
        _ = try output(["sh", "-c", commands], in: namespace)
    }

    /// What a program writes that must succeed.
    mutating func output(_ arguments: [String], in namespace: NamespaceNumber) throws -> String {
        let outcome = try run(arguments, in: namespace)
        let errors = String(decoding: outcome.errors, as: UTF8.self)
        try #require(outcome.code == 0, "\(arguments.joined(separator: " ")): code \(outcome.code): \(errors)")
        return String(decoding: outcome.output, as: UTF8.self)
    }

    /// Waits until a TCP server answers. 10 s are generous.
    mutating func waitForServer(at address: SocketAddress, in namespace: NamespaceNumber) throws {
        var request = ConnectRequest(to: address, in: namespace, ending: .reset)
        request.acceptingNamespace = nil
        let deadline = ContinuousClock.now + .seconds(10)
        while try connect(request).errno != 0 {
            try #require(ContinuousClock.now < deadline, "nobody listens at \(address)")
            usleep(2000)
        }
    }
}

extension Optional {
    /// The value, without which the test cannot go on.
    func required(_ what: String) throws -> Wrapped { try #require(self, "\(what)") }
}
