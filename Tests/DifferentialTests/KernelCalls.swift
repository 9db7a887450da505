import Glibc
import Inputs
import KernelABI
import KernelTestSupport
import Live
import Model
import SocketDriverProtocol

@testable import Sim

/// The programs in the kernel, attached to a cgroup of their own, with settings that stay.
final class LoadedPrograms {
    // A class: cases share it and none owns it.
    private let cgroup: TestCgroup
    private let pins: TestPinDirectory
    let dataplane: Dataplane
    let variables: ProgramVariables
    var driver: SocketDriver

    init(_ settings: ProgramSettings) throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        let dataplane = try Dataplane(settings, pins: PinDirectory(pins.path))
        try dataplane.attach(cgroup: cgroup.directory)
        let variables = try dataplane.openVariables()
        var driver = try SocketDriver(inCgroup: cgroup.directory)
        try driver.useStorageMap("\(pins.path)/km_sockstorage")
        self.cgroup = cgroup
        self.pins = pins
        self.dataplane = dataplane
        self.variables = variables
        self.driver = driver
    }

    /// Gives the maps of the compiler other content.
    func fill(_ store: MapStore) throws {
        var writes: [MapWrite] = KernelTwin.deletions(of: try dataplane.maps.snapshot())
        writes += store.frontend.sortedEntries.map { .put(.frontend($0.key, $0.value)) }
        writes += store.service.sortedEntries.map { .put(.service($0.key, $0.value)) }
        writes += store.endpoint.sortedEntries.map { .put(.endpoint($0.key, $0.value)) }
        writes += store.backend.sortedEntries.map { .put(.backend($0.key, $0.value)) }
        writes += store.backendAlternative.sortedEntries.map { .put(.backendAlternative($0.key, $0.value)) }
        writes += store.servicePort.sortedEntries.map { .put(.servicePort($0.key, $0.value)) }
        _ = try dataplane.maps.apply(writes)
    }
}

/// Socket calls of a recorded case, made with real sockets: `ConnectFamily` compares both twins with the recording.
struct KernelCalls: ConnectCalls {
    /// Opened by its first call, in one round trip with it.
    struct Socket {
        var family: AddressFamily
        var isTCP: Bool
        var number: SocketNumber?
        var state: SocketState?
    }

    private let programs: LoadedPrograms
    private let namespace: NamespaceMade
    private let datagrams: [UInt16: ListeningPair]
    private let file: String

    /// - Parameter ports: Where somebody listens, whatever the address.
    init(_ input: ConnectInput, _ programs: LoadedPrograms, ports: [UInt16], file: String) throws(InputError) {
        self.programs = programs
        self.file = file
        (namespace, datagrams) = try Self.call(file) {
            try programs.fill(input.maps)
            try programs.variables.setGenerator(input.seed)
            let namespace = try programs.driver.makeNamespace()
            switch input.managed {
            case .yes: try programs.dataplane.maps.manage.update(ManageKey(cookie: namespace.cookie), to: ManageValue())
            case .other: try programs.dataplane.maps.manage.update(ManageKey(cookie: 4_026_532_999), to: ManageValue())
            case .no: break
            }
            _ = try programs.driver.listen(on: ports, in: namespace.number)
            return (namespace, try programs.driver.listen(on: ports, .udp, in: namespace.number))
        }
    }

    /// Runs what may fail otherwise than the protocol says.
    private static func call<Result>(_ file: String, _ body: () throws -> Result) throws(InputError) -> Result {
        do { return try body() } catch { throw InputError(file, nil, "the kernel cannot run it: \(error)") }
    }

    func open(_ family: AddressFamily, isTCP: Bool) -> Socket { Socket(family: family, isTCP: isTCP) }

    func close(_ socket: Socket) throws(InputError) {
        try Self.call(file) { if let number = socket.number { try programs.driver.close(number) } }
    }

    func connect(_ socket: inout Socket, to destination: SocketAddress) throws(InputError) -> SocketAddress? {
        var request = ConnectRequest(to: destination, in: namespace.number)
        request.transport = socket.isTCP ? .tcp : .udp
        request.socket = socket.number
        let outcome = try Self.call(file) {
            if let number = socket.number { try programs.driver.disconnect(number) }
            return try programs.driver.connect(request)
        }
        (socket.number, socket.state) = (outcome.socket, outcome.state)
        if outcome.errno == ECONNREFUSED { return nil }
        guard outcome.errno == 0, let peer = outcome.state.remoteEnd else {
            throw InputError(file, nil, "connect to \(destination) failed with error \(outcome.errno)")
        }
        return peer
    }

    func exchange(
        _ socket: inout Socket, with destination: SocketAddress
    ) throws(InputError) -> (server: SocketAddress, seenFrom: SocketAddress) {
        let family = socket.family
        let (number, answer) = try Self.call(file) {
            let number = try programs.driver.openDatagramSocket(family, in: namespace.number)
            try programs.driver.sendDatagram([1], on: number, to: destination)
            guard let pair = datagrams[destination.port] else { throw InputError(file, nil, "nobody listens there") }
            let listener = pair[destination.address.unmapped.family]
            let question = try programs.driver.receiveDatagram(on: listener)
            let source = SocketAddress(question.destination.address, port: 0)
            try programs.driver.sendDatagram([2], on: listener, to: question.source, from: source)
            let answer = try programs.driver.receiveDatagram(on: number)
            return (number, (server: question.destination, seenFrom: answer.source))
        }
        socket.number = number
        socket.state = try Self.call(file) { try programs.driver.state(of: number) }
        return answer
    }

    func receive(on socket: Socket, from source: SocketAddress) throws(InputError) -> SocketAddress {
        try Self.call(file) {
            let own = SocketAddress(socket.family == .v4 ? .v4(0x7f00_0001) : .v6(high: 0, low: 1), port: 0)
            let number = try programs.driver.openDatagramSocket(socket.family, boundTo: own, in: namespace.number)
            guard let pair = datagrams[source.port] else { throw InputError(file, nil, "nobody listens there") }
            try programs.driver.sendDatagram(
                [1], on: pair[source.address.family], to: try programs.driver.state(of: number).localEnd,
                from: SocketAddress(source.address, port: 0))
            return try programs.driver.receiveDatagram(on: number).source
        }
    }

    func storage(of socket: Socket) -> SocketStorage? { socket.state?.storageValue }

    func isManaged() throws(InputError) -> Bool {
        try Self.call(file) {
            try programs.dataplane.maps.manage.lookup(ManageKey(cookie: namespace.cookie)) != nil
        }
    }

}
