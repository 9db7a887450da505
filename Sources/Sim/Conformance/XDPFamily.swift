import Inputs
import Model

/// The families `xdp-authz` and `xdp-rst`: frames and maps as upstream's XDP programs were recorded with them.
enum XDPFamily {
    /// Runs the program of the offload mode twice on one frame.
    static func authorizationDifferences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        var world = XDPWorld(isOffloaded: true)
        try world.fill(&input, vector)
        let frame = try input.frame("packet")
        try input.finish()
        var expectation = try Expectation(vector.expect, of: vector)
        var isChanged = false
        for run in ["first", "second"] {
            guard let node = expectation.value(run) else { throw vector.problem("\"expect\" has no \"\(run)\"") }
            let (outcome, after) = world.receive(frame)
            isChanged = isChanged || after != frame
            var part = try Expectation(node, of: vector, prefix: "\(run) ")
            try part.compareText("verdict", with: verdict(of: outcome))
            try part.compareBoolean("to_userspace", with: outcome.handsOver)
            try part.compareTuples("auth_res", with: world.results, withValue: true, in: vector.file)
            try part.compareTuples("tcargs", with: world.walks, withValue: false, in: vector.file)
            expectation.add(try part.finish())
        }
        try expectation.compareBoolean("packet_changed", with: isChanged)
        return try expectation.finish()
    }

    /// Runs the program of the user-space mode twice on one frame.
    static func resetDifferences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        var world = XDPWorld(isOffloaded: false)
        try world.fill(&input, vector)
        let frame = try input.frame("packet")
        try input.finish()
        var expectation = try Expectation(vector.expect, of: vector)
        for run in ["first", "second"] {
            guard let node = expectation.value(run) else { throw vector.problem("\"expect\" has no \"\(run)\"") }
            let before = world.results.count
            let (outcome, after) = world.receive(frame)
            var part = try Expectation(node, of: vector, prefix: "\(run) ")
            try part.compareText("verdict", with: verdict(of: outcome))
            try part.compareText("packet_hex", with: Digits.hexadecimal(after)) { $0.lowercased() }
            try part.compareBoolean("packet_changed", with: after != frame)
            try part.compareTuples("auth_res", with: world.results, withValue: true, in: vector.file)
            try part.compareBoolean("entry_deleted", with: world.results.count < before)
            expectation.add(try part.finish())
        }
        return try expectation.finish()
    }

    private static func verdict(of outcome: UpstreamXDPOutcome) -> String { outcome.passes ? "XDP_PASS" : "XDP_DROP" }
}

/// The maps of a case, and the program that runs on them.
private struct XDPWorld {
    var authorization: UpstreamAuthorization
    var maps = MapStore(capacities: .upstream)

    init(isOffloaded: Bool) { authorization = UpstreamAuthorization(node: "", isOffloaded: isOffloaded) }

    /// Puts into the maps what the case says.
    mutating func fill(_ input: inout Fields, _ vector: ConformanceCase) throws(InputError) {
        for node in input.list("frontend") {
            var fields = try Fields(node, file: vector.file, what: "an entry of \"frontend\"")
            _ = try fields.required("ip")
            guard let address = try fields.address("ip") else { throw vector.problem("\"ip\" is missing") }
            let value = FrontendValue(upstream_id: try fields.requiredNumber("id"))
            try fields.finish()
            try vector.write { () throws(MapError) in try maps.put(.frontend(FrontendKey(address), value)) }
        }
        for node in input.list("wlpolicy") {
            var fields = try Fields(node, file: vector.file, what: "an entry of \"wlpolicy\"")
            let uid: ResourceID = try fields.requiredNumber("uid")
            var ids: [ResourceID] = []
            for node in fields.list("policies") { ids.append(try fields.number(node, key: "policies")) }
            try fields.finish()
            try vector.write { () throws(MapError) in try authorization.maps.setPolicies(ids, of: uid) }
        }
        for node in input.list("policies") {
            var fields = try Fields(node, file: vector.file, what: "a policy")
            let id: ResourceID = try fields.requiredNumber("id")
            let policy = try fields.upstreamPolicy()
            try fields.finish()
            try vector.write { () throws(MapError) in try authorization.maps.setPolicy(id, to: policy) }
        }
        for node in input.list("auth_res") {
            var fields = try Fields(node, file: vector.file, what: "an entry of \"auth_res\"")
            let tuple = try fields.tuple()
            let result = AuthResult(denied: try fields.requiredNumber("value"))
            try fields.finish()
            try vector.write { () throws(MapError) in try authorization.maps.results.update(tuple, to: result) }
        }
    }

    /// A copy of the frame arrives.
    /// - Returns: what came of it, and the frame afterwards.
    mutating func receive(_ frame: [UInt8]) -> (UpstreamXDPOutcome, [UInt8]) {
        var frame = frame
        var recorder = NoTrace()
        let outcome = authorization.receive(&frame, frontends: &maps, recorder: &recorder)
        return (outcome, frame)
    }

    /// km_auth_res as text, sorted.
    var results: [String] {
        authorization.maps.results.sortedEntries.map { "\($0.key.text) = \($0.value.denied)" }.sorted()
    }

    /// km_tcargs as text, sorted.
    var walks: [String] { authorization.maps.walks.sortedEntries.map(\.key.text).sorted() }
}

extension UpstreamTuple {
    /// `source -> destination`.
    fileprivate var text: String { "\(source) -> \(destination)" }
}

extension ConformanceCase {
    /// Fills a map; a full one is the case's fault.
    fileprivate func write(_ body: () throws(MapError) -> Void) throws(InputError) {
        do {
            try body()
        } catch {
            throw problem("a map cannot take what the case puts into it: \(error.name)")
        }
    }
}

extension Expectation {
    /// Entries of a map by their keys, and values where there are any; what is missing is an empty list.
    fileprivate mutating func compareTuples(
        _ key: String, with got: [String], withValue: Bool, in file: String
    ) throws(InputError) {
        guard let node = value(key) else { return }
        var expected: [String] = []
        guard let elements = node.map({ $0.elements }) ?? [] else { throw wrong(key, "a list", node) }
        for element in elements {
            var fields = try Fields(element, file: file, what: "an entry of \"\(key)\"")
            let tuple = try fields.tuple()
            if withValue {
                let value: UInt32 = try fields.requiredNumber("value")
                expected.append("\(tuple.text) = \(value)")
            } else {
                expected.append(tuple.text)
            }
            try fields.finish()
        }
        compareTexts(key, expected: expected, with: got, isOrdered: false)
    }
}

extension Fields {
    /// `saddr`, `daddr`, `sport` and `dport`.
    fileprivate mutating func tuple() throws(InputError) -> UpstreamTuple {
        let (from, to) = (try required("saddr"), try required("daddr"))
        guard let source = from.text.flatMap({ IPAddress($0) }), let destination = to.text.flatMap({ IPAddress($0) }),
            source.family == destination.family
        else {
            throw InputError(file, from.position, "\"saddr\" and \"daddr\" must be IP addresses of one family")
        }
        return UpstreamTuple(
            source: SocketAddress(source, port: try requiredNumber("sport")),
            destination: SocketAddress(destination, port: try requiredNumber("dport")))
    }

    /// A whole number that must be there.
    fileprivate mutating func requiredNumber<Number: FixedWidthInteger & UnsignedInteger>(
        _ key: String
    ) throws(InputError) -> Number {
        try number(required(key), key: key)
    }
}
