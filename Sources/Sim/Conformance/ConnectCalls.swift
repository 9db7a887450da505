import Inputs
import KernelABI
import Model

/// Who makes the socket calls of a case: the simulator's hooks, or programs in a kernel. The caller is one network
/// namespace; somebody listens at every address and port.
protocol ConnectCalls {
    associatedtype Socket

    /// A new socket of the caller.
    mutating func open(_ family: AddressFamily, isTCP: Bool) throws(InputError) -> Socket
    /// - Returns: where the connection goes, as getpeername says; nil when it is refused.
    mutating func connect(_ socket: inout Socket, to destination: SocketAddress) throws(InputError) -> SocketAddress?
    /// Sends a datagram; who gets it answers.
    /// - Returns: the address that got it, and what the program saw as the source of the answer.
    mutating func exchange(
        _ socket: inout Socket, with destination: SocketAddress
    ) throws(InputError) -> (server: SocketAddress, seenFrom: SocketAddress)
    /// Receives a datagram that nobody asked for.
    /// - Returns: what the program saw as its source.
    mutating func receive(on socket: Socket, from source: SocketAddress) throws(InputError) -> SocketAddress
    /// What the programs remember of a socket.
    mutating func storage(of socket: Socket) throws(InputError) -> SocketStorage?
    mutating func close(_ socket: Socket) throws(InputError)
    /// Whether the caller's cookie is in km_manage.
    mutating func isManaged() throws(InputError) -> Bool
}

/// What the calls of a case meet.
struct ConnectInput: Sendable {
    /// Whose cookie is in km_manage.
    enum Managed: String, Sendable { case yes, other, no }

    let options: DataplaneOptions
    /// False where the tail-call slots were empty.
    let hasTailCalls: Bool
    let maps: MapStore
    let managed: Managed
    /// The draws are the same on every run, and others in every case.
    let seed: UInt64

    init(_ vector: ConformanceCase, options: DataplaneOptions, maps: MapStore) {
        self.options = options
        self.maps = maps
        hasTailCalls = true
        managed = .yes
        seed = UInt64(NameTable.hash(vector.id))
    }

    /// Reads the input of a case of the family `connect`.
    init(_ vector: ConformanceCase) throws(InputError) {
        options = try vector.options()
        var input = try vector.inputFields()
        hasTailCalls = try input.boolean("tailCalls") ?? true
        maps = try ConnectMaps(input.node("maps"), file: vector.file, capacities: options.capacities).maps
        seed = UInt64(NameTable.hash(vector.id))
        let text = try input.requiredString("managed")
        guard let managed = Managed(rawValue: text) else {
            throw vector.problem("\"managed\" must be yes, other or no, not \"\(text)\"")
        }
        self.managed = managed
    }
}

/// Socket calls by the hooks of the simulator.
struct SimulatedCalls: ConnectCalls {
    /// A socket of the caller, with what the programs stored on it.
    struct Socket {
        var family: AddressFamily
        var isTCP: Bool
        var storage: SocketStorage?
    }

    /// Whose namespace the calls come from; any number but 0 would do.
    private static let cookie: UInt64 = 4_026_532_281
    /// A namespace that is managed where the caller's is not.
    private static let otherCookie: UInt64 = 4_026_532_999

    private let input: ConnectInput
    private var maps: MapStore
    private var generator: SplitMix64
    /// Nanoseconds since boot; every call takes one.
    private var now: UInt64 = 1

    init(_ input: ConnectInput) {
        self.input = input
        maps = input.maps
        generator = SplitMix64(seed: input.seed)
        switch input.managed {
        case .yes: maps.manage(ManageKey(cookie: Self.cookie))
        case .other: maps.manage(ManageKey(cookie: Self.otherCookie))
        case .no: break
        }
    }

    func open(_ family: AddressFamily, isTCP: Bool) -> Socket { Socket(family: family, isTCP: isTCP) }

    func close(_ socket: Socket) {}

    func storage(of socket: Socket) -> SocketStorage? { socket.storage }

    func isManaged() -> Bool { maps.managed(ManageKey(cookie: Self.cookie)) != nil }

    mutating func connect(_ socket: inout Socket, to destination: SocketAddress) -> SocketAddress? {
        let hook = ConnectHook(options: input.options, hasTailCalls: input.hasTailCalls)
        var recorder = NoTrace()
        let call = call(destination, isTCP: socket.isTCP)
        let decision =
            destination.address.family == .v4
            ? hook.connect4(
                call, maps: &maps, storage: &socket.storage, generator: &generator, recorder: &recorder)
            : hook.connect6(
                call, maps: &maps, storage: &socket.storage, generator: &generator, recorder: &recorder)
        return decision.verdict == .refuse ? nil : LinuxConnect.destination(of: decision.destination)
    }

    private mutating func call(_ address: SocketAddress, isTCP: Bool) -> SocketCall {
        now += 1
        return SocketCall(cookie: Self.cookie, destination: address, isTCP: isTCP, now: now)
    }

    mutating func exchange(
        _ socket: inout Socket, with destination: SocketAddress
    ) -> (server: SocketAddress, seenFrom: SocketAddress) {
        let server = LinuxConnect.destination(of: send(destination, from: &socket))
        return (server, receive(on: socket, from: server))
    }

    /// Where a datagram goes. A mapped address takes Linux's IPv4 path, and its hook, also on an IPv6 socket; upstream
    /// has no hook for IPv6 datagrams. Source: net/ipv6/udp.c `udpv6_sendmsg`, net/ipv4/udp.c `udp_sendmsg`.
    private mutating func send(_ destination: SocketAddress, from socket: inout Socket) -> SocketAddress {
        let plain = SocketAddress(destination.address.unmapped, port: destination.port)
        guard plain.address.family == .v4 else { return destination }
        let call = call(plain, isTCP: false)
        var recorder = NoTrace()
        let sent = SendMsg4(options: input.options)
            .run(call, maps: &maps, storage: &socket.storage, recorder: &recorder).address
        return destination.address.isMapped ? SocketAddress(sent.address.mapped, port: sent.port) : sent
    }

    /// Where a datagram seems to come from. IPv6 sockets have no hook here, whatever the address.
    mutating func receive(on socket: Socket, from source: SocketAddress) -> SocketAddress {
        guard source.address.family == .v4 else { return source }
        let call = call(source, isTCP: false)
        var recorder = NoTrace()
        return RecvMsg4(options: input.options)
            .run(call, maps: &maps, storage: socket.storage, recorder: &recorder).address
    }
}
