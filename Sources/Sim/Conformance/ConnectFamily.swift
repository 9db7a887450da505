import Inputs
import KernelABI
import Model

/// The family `connect`: socket calls against given maps, as recorded from upstream's kernel programs.
struct ConnectFamily {
    /// A socket of the caller, with what the programs stored on it.
    private struct Socket {
        var family: AddressFamily
        var storage: SocketStorage?
    }

    /// What of a socket's storage is compared.
    private struct StorageView: Hashable {
        var connectTimeSet: Bool
        var viaWaypoint: Bool
        var encoded: Bool
        var originalDestination: SocketAddress?

        init(_ storage: SocketStorage, _ family: AddressFamily) {
            connectTimeSet = storage.connect_ns != 0
            viaWaypoint = storage.via_waypoint != 0
            encoded = storage.has_encoded != 0
            originalDestination = storage.originalDestination(family)
        }
    }

    /// Whose namespace the calls come from; any number but 0 would do.
    private static let cookie: UInt64 = 4_026_532_281
    /// A namespace that is managed where the caller's is not.
    private static let otherCookie: UInt64 = 4_026_532_999
    /// More connects in one step are refused.
    private static let repeatLimit = 1_000_000

    private let vector: ConformanceCase
    private let options: DataplaneOptions
    private let hasTailCalls: Bool
    private var maps: MapStore
    private var generator: SplitMix64
    /// The socket that a step kept open.
    private var kept: Socket?
    /// Nanoseconds since boot; every call takes one.
    private var now: UInt64 = 1
    private var shares = Homogeneity()
    private var shareTexts: (expected: [String], got: [String]) = ([], [])

    /// Reads the input of a case.
    init(_ vector: ConformanceCase) throws(InputError) {
        self.vector = vector
        options = try vector.options()
        var input = try vector.inputFields()
        hasTailCalls = try input.boolean("tailCalls") ?? true
        maps = try ConnectMaps(input.node("maps"), file: vector.file, capacities: options.capacities).maps
        // The draws are the same on every run, and others in every case.
        generator = SplitMix64(seed: UInt64(NameTable.hash(vector.id)))
        switch try input.requiredString("managed") {
        case "yes": maps.manage(ManageKey(cookie: Self.cookie))
        case "other": maps.manage(ManageKey(cookie: Self.otherCookie))
        case "no": break
        case let text: throw vector.problem("\"managed\" must be yes, other or no, not \"\(text)\"")
        }
    }

    /// Runs the steps and compares each.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var family = try ConnectFamily(vector)
        guard let steps = vector.steps?.elements, !steps.isEmpty else {
            throw vector.problem("\"steps\" must be a list of at least one step")
        }
        var differences: [Difference] = []
        for (index, step) in steps.enumerated() {
            differences += try family.run(step, prefix: steps.count > 1 ? "step \(index + 1) " : "")
        }
        return differences + family.shareDifferences
    }

    private mutating func run(_ step: DocumentNode, prefix: String) throws(InputError) -> [Difference] {
        var fields = try Fields(step, file: vector.file, what: "a step")
        var expectation = try Expectation(fields.node("expect"), of: vector, prefix: prefix)
        switch try fields.requiredString("op") {
        case "connect": try connect(&fields, &expectation)
        case "udpExchange": try exchange(&fields, &expectation)
        case "udpUnsolicited": try receiveUnsolicited(&fields, &expectation)
        case let operation: throw InputError(vector.file, step.position, "no operation is named \"\(operation)\"")
        }
        try expectation.compareBoolean("managedAfter", with: maps.managed(ManageKey(cookie: Self.cookie)) != nil)
        return try expectation.finish()
    }

    // MARK: Operations

    private mutating func connect(_ fields: inout Fields, _ expectation: inout Expectation) throws(InputError) {
        let isTCP = try fields.word("protocol", in: ["TCP": true, "UDP": false], default: true)
        let destination = try fields.requiredSocketAddress("destination")
        let count = try fields.integer("repeat", in: 1...Self.repeatLimit) ?? 1
        let use = try fields.string("socket") ?? "new"
        let family = destination.address.family
        var socket = try socket(use, family)
        var reached: [String: Int] = [:]
        // New sockets all have to show the same storage; of one socket the last counts.
        var storages: Set<StorageView?> = []
        let hook = ConnectHook(options: options, hasTailCalls: hasTailCalls)
        var recorder = NoTrace()
        for _ in 0..<count {
            if use == "new" { socket = Socket(family: family) }
            let call = call(destination, isTCP: isTCP)
            let decision =
                family == .v4
                ? hook.connect4(
                    call, maps: &maps, storage: &socket.storage, generator: &generator, recorder: &recorder)
                : hook.connect6(
                    call, maps: &maps, storage: &socket.storage, generator: &generator, recorder: &recorder)
            let final = LinuxConnect.destination(of: decision.destination)
            reached[decision.verdict == .refuse ? "refused" : final.description, default: 0] += 1
            if use != "new" { storages = [] }
            storages.insert(socket.storage.map { StorageView($0, family) })
        }
        if use != "new" { kept = socket }
        try compareDestinations(reached, count: count, &expectation)
        try compareStorage(storages, &expectation)
    }

    /// Sends a datagram; the address that gets it answers from itself.
    private mutating func exchange(_ fields: inout Fields, _ expectation: inout Expectation) throws(InputError) {
        let destination = try fields.requiredSocketAddress("destination")
        let use = try fields.string("socket") ?? "new"
        let family = destination.address.family
        var socket = try socket(use, family)
        let server = LinuxConnect.destination(of: send(destination, from: &socket))
        let seen = receive(server, on: socket)
        if use != "new" { kept = socket }
        try expectation.compareText("serverAddress", with: server.address.description) { text in
            IPAddress(text)?.description ?? text
        }
        try expectation.compareText("replySeenFrom", with: seen.description, normalized: normalizedAddress)
        try compareStorage([socket.storage.map { StorageView($0, family) }], &expectation)
    }

    private mutating func receiveUnsolicited(
        _ fields: inout Fields, _ expectation: inout Expectation
    ) throws(InputError) {
        let source = try fields.requiredSocketAddress("source")
        let use = try fields.string("socket") ?? "new"
        let socket = try socket(use, source.address.family)
        let seen = receive(source, on: socket)
        if use != "new" { kept = socket }
        try expectation.compareText("seenFrom", with: seen.description, normalized: normalizedAddress)
        try compareStorage([socket.storage.map { StorageView($0, socket.family) }], &expectation)
    }

    private func socket(_ use: String, _ family: AddressFamily) throws(InputError) -> Socket {
        switch use {
        case "new", "keep": return Socket(family: family)
        case "reuse":
            guard let kept else { throw vector.problem("a socket is reused, but no step before kept one") }
            guard kept.family == family else {
                throw vector.problem("the kept socket is of the other address family")
            }
            return kept
        default: throw vector.problem("\"socket\" must be new, keep or reuse, not \"\(use)\"")
        }
    }

    private mutating func call(_ address: SocketAddress, isTCP: Bool) -> SocketCall {
        now += 1
        return SocketCall(cookie: Self.cookie, destination: address, isTCP: isTCP, now: now)
    }

    /// Where a datagram goes. A mapped address takes Linux's IPv4 path, and its hook, also on an IPv6 socket; upstream
    /// has no hook for IPv6 datagrams. Source: net/ipv6/udp.c `udpv6_sendmsg`, net/ipv4/udp.c `udp_sendmsg`.
    private mutating func send(_ destination: SocketAddress, from socket: inout Socket) -> SocketAddress {
        let plain = SocketAddress(destination.address.unmapped, port: destination.port)
        guard plain.address.family == .v4 else { return destination }
        let call = call(plain, isTCP: false)
        var recorder = NoTrace()
        let sent = SendMsg4(options: options)
            .run(call, maps: &maps, storage: &socket.storage, recorder: &recorder).address
        return destination.address.isMapped ? SocketAddress(sent.address.mapped, port: sent.port) : sent
    }

    /// Where a datagram seems to come from. IPv6 sockets have no hook here, whatever the address.
    private mutating func receive(_ source: SocketAddress, on socket: Socket) -> SocketAddress {
        guard source.address.family == .v4 else { return source }
        let call = call(source, isTCP: false)
        var recorder = NoTrace()
        return RecvMsg4(options: options)
            .run(call, maps: &maps, storage: socket.storage, recorder: &recorder).address
    }

    // MARK: Comparison

    private mutating func compareDestinations(
        _ got: [String: Int], count: Int, _ expectation: inout Expectation
    ) throws(InputError) {
        guard let entries = try expectation.entries("destinations") else { return }
        var expected: [String: Int] = [:]
        for entry in entries {
            guard let number = entry.value.integer, number > 0, number <= Self.repeatLimit else {
                throw expectation.wrong("destinations", "how often each was reached", entry.value)
            }
            expected[normalizedAddress(entry.key), default: 0] += number
        }
        expectation.compareTexts(
            "destinations", expected: expected.keys.sorted(), with: got.keys.sorted(), isOrdered: false)
        expectation.compare(
            "connects", expected: String(expected.values.reduce(0, +)), got: String(count))
        guard expected.keys.sorted() == got.keys.sorted() else { return }
        let names = expected.keys.sorted()
        let counts = (names.map { expected[$0] ?? 0 }, names.map { got[$0] ?? 0 })
        shares.add(counts.0, counts.1)
        shareTexts.expected.append(zip(names, counts.0).map { "\($0) \($1)" }.joined(separator: ", "))
        shareTexts.got.append(zip(names, counts.1).map { "\($0) \($1)" }.joined(separator: ", "))
    }

    /// What the test of all shares of the case says.
    private var shareDifferences: [Difference] {
        if shares.holds { return [] }
        return [
            Difference(
                what: "shares", expected: shareTexts.expected.joined(separator: "; "),
                got: shareTexts.got.joined(separator: "; "))
        ]
    }

    private func compareStorage(
        _ storages: Set<StorageView?>, _ expectation: inout Expectation
    ) throws(InputError) {
        guard let node = expectation.value("storage") else { return }
        if storages.count > 1 {
            expectation.compare(
                "storage", expected: "the same on every socket", got: "\(storages.count) different ones")
            return
        }
        let storage = storages.first ?? nil
        guard let node, let storage else {
            expectation.compare(
                "storage", expected: node == nil ? "none" : "a storage", got: storage == nil ? "none" : "a storage")
            return
        }
        var part = try Expectation(node, of: vector, prefix: expectation.prefix + "storage.")
        try part.compareBoolean("connectTimeSet", with: storage.connectTimeSet)
        try part.compareBoolean("viaWaypoint", with: storage.viaWaypoint)
        try part.compareBoolean("encoded", with: storage.encoded)
        try part.compareText(
            "originalDestination", with: storage.originalDestination?.description, normalized: normalizedAddress)
        expectation.add(try part.finish())
    }

    /// An address in the form that this project writes; anything else as it is.
    private func normalizedAddress(_ text: String) -> String {
        SocketAddress(text)?.description ?? text
    }
}
