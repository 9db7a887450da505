import Inputs
import KernelABI
import Model

/// The family `connect`: socket calls against given maps, as recorded from upstream's kernel programs. The calls are
/// made by the simulator's hooks, or by real sockets.
struct ConnectFamily<Calls: ConnectCalls> {
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

    /// More connects in one step are refused.
    private static var repeatLimit: Int { 1_000_000 }

    private let vector: ConformanceCase
    private var calls: Calls
    /// The socket that a step kept open.
    private var kept: (socket: Calls.Socket, family: AddressFamily)?
    private var shares = Homogeneity()
    private var shareTexts: (expected: [String], got: [String]) = ([], [])

    /// Runs the steps of a case and compares each.
    /// - Parameter make: Gets what the case is about.
    static func differences(
        in vector: ConformanceCase, making make: (ConnectInput) throws(InputError) -> Calls
    ) throws(InputError) -> [Difference] {
        var family = ConnectFamily(vector: vector, calls: try make(ConnectInput(vector)))
        guard let steps = vector.steps?.elements, !steps.isEmpty else {
            throw vector.problem("\"steps\" must be a list of at least one step")
        }
        var differences: [Difference] = []
        for (index, step) in steps.enumerated() {
            differences += try family.run(step, prefix: steps.count > 1 ? "step \(index + 1) " : "")
        }
        return differences + family.shareDifferences
    }

    private init(vector: ConformanceCase, calls: Calls) {
        self.vector = vector
        self.calls = calls
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
        try expectation.compareBoolean("managedAfter", with: calls.isManaged())
        return try expectation.finish()
    }

    // MARK: Operations

    private mutating func connect(_ fields: inout Fields, _ expectation: inout Expectation) throws(InputError) {
        let isTCP = try fields.word("protocol", in: ["TCP": true, "UDP": false], default: true)
        let destination = try fields.requiredSocketAddress("destination")
        let count = try fields.integer("repeat", in: 1...Self.repeatLimit) ?? 1
        let use = try fields.string("socket") ?? "new"
        let family = destination.address.family
        var socket = try socket(use, family, isTCP: isTCP)
        var reached: [String: Int] = [:]
        // New sockets all have to show the same storage; of one socket the last counts.
        var storages: Set<StorageView?> = []
        for index in 0..<count {
            if use == "new" && index > 0 { socket = try calls.open(family, isTCP: isTCP) }
            let final = try calls.connect(&socket, to: destination)
            reached[final?.description ?? "refused", default: 0] += 1
            if use != "new" { storages = [] }
            storages.insert(try calls.storage(of: socket).map { StorageView($0, family) })
            if use == "new" { try calls.close(socket) }
        }
        if use != "new" { kept = (socket, family) }
        try compareDestinations(reached, count: count, &expectation)
        try compareStorage(storages, &expectation)
    }

    /// Sends a datagram; the address that gets it answers from itself.
    private mutating func exchange(_ fields: inout Fields, _ expectation: inout Expectation) throws(InputError) {
        let destination = try fields.requiredSocketAddress("destination")
        let use = try fields.string("socket") ?? "new"
        let family = destination.address.family
        var socket = try socket(use, family, isTCP: false)
        let (server, seen) = try calls.exchange(&socket, with: destination)
        if use != "new" { kept = (socket, family) }
        try expectation.compareText("serverAddress", with: server.address.description) { text in
            IPAddress(text)?.description ?? text
        }
        try expectation.compareText("replySeenFrom", with: seen.description, normalized: normalizedAddress)
        try compareStorage([try calls.storage(of: socket).map { StorageView($0, family) }], &expectation)
    }

    private mutating func receiveUnsolicited(
        _ fields: inout Fields, _ expectation: inout Expectation
    ) throws(InputError) {
        let source = try fields.requiredSocketAddress("source")
        let use = try fields.string("socket") ?? "new"
        let family = source.address.family
        let socket = try socket(use, family, isTCP: false)
        let seen = try calls.receive(on: socket, from: source)
        if use != "new" { kept = (socket, family) }
        try expectation.compareText("seenFrom", with: seen.description, normalized: normalizedAddress)
        try compareStorage([try calls.storage(of: socket).map { StorageView($0, family) }], &expectation)
    }

    private mutating func socket(
        _ use: String, _ family: AddressFamily, isTCP: Bool
    ) throws(InputError) -> Calls.Socket {
        switch use {
        case "new", "keep": return try calls.open(family, isTCP: isTCP)
        case "reuse":
            guard let kept else { throw vector.problem("a socket is reused, but no step before kept one") }
            guard kept.family == family else {
                throw vector.problem("the kept socket is of the other address family")
            }
            return kept.socket
        default: throw vector.problem("\"socket\" must be new, keep or reuse, not \"\(use)\"")
        }
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
