import Inputs
import Model

/// The families that compile changes of a mesh and look at the maps: `endpoint-table`, `endpoint-health`, `waypoint`
/// and `locality-table`.
struct TableFamily {
    private let vector: ConformanceCase
    private var compiled: CompiledMesh
    /// The services of the case; the first is the one that expectations without a name mean.
    private var services: [ServiceName] = []
    private var mesh = Mesh()

    private init(_ vector: ConformanceCase, node: String = "") throws(InputError) {
        self.vector = vector
        compiled = CompiledMesh(node: node, options: try vector.options())
    }

    /// Runs a case whose input is a list of events.
    static func differencesAfterEvents(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        guard let events = try input.required("events").elements else {
            throw vector.problem("\"events\" must be a list")
        }
        var family = try TableFamily(vector)
        var reader = MeshEvents(file: vector.file)
        for event in events { try family.compiled.apply(reader.change(for: event), of: vector) }
        family.services = reader.serviceNames
        family.mesh = reader.mesh
        return try family.differences()
    }

    /// Runs a case whose input is a set of workloads, and states of a service one after the other: the first comes
    /// before the workloads, the others after them.
    static func differencesAfterSteps(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        var family = try TableFamily(vector, node: input.string("local_node") ?? "")
        var states: [Service] = []
        for node in try input.required("steps").elements ?? [] { states.append(try service(node, vector)) }
        guard let first = states.first else { throw vector.problem("\"steps\" must be a list of at least one") }
        try family.apply(.setService(first))
        for node in input.list("workloads") {
            var fields = try Fields(node, file: vector.file, what: "a workload")
            var workload = try fields.workload()
            for state in states { workload.services[state.name] = workload.services[state.name] ?? [] }
            try family.apply(.setWorkload(workload))
        }
        for state in states.dropFirst() { try family.apply(.setService(state)) }
        for state in states where !family.services.contains(state.name) { family.services.append(state.name) }
        return try family.differences()
    }

    /// A step of `locality-table`: the service's short name, its virtual IP and its load balancing.
    private static func service(_ node: DocumentNode, _ vector: ConformanceCase) throws(InputError) -> Service {
        var fields = try Fields(node, file: vector.file, what: "a step")
        let name = try fields.requiredString("service")
        let namespace = try fields.string("namespace") ?? "default"
        var service = Service(
            ServiceName(namespace: namespace, hostname: "\(name).\(namespace).svc.cluster.local"), shortName: name,
            loadBalancing: try fields.loadBalancing())
        if let address = try fields.address("vip") { service.addresses = [NetworkAddress(address)] }
        service.ports = try fields.ports("ports")
        return service
    }

    private mutating func apply(_ change: MeshChange) throws(InputError) {
        try compiled.apply(change, of: vector)
        mesh.apply(change)
    }

    // MARK: Comparison

    private func differences() throws(InputError) -> [Difference] {
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareInteger("frontends", with: compiled.maps.frontend.count)
        try expectation.compareInteger("services", with: compiled.maps.service.count)
        try expectation.compareInteger("backends", with: compiled.maps.backend.count)
        try compareEndpoints(&expectation)
        try compareCounts(&expectation)
        try compareFrontends(&expectation)
        try compareStaged(&expectation)
        return try expectation.finish()
    }

    /// `endpoints`: how many there are in all, or which ones the service has, in no order. `endpoints_of`: the same by
    /// service. `endpoints_by_index_from_1`: those at priority 0, in the order of their slots.
    private func compareEndpoints(_ expectation: inout Expectation) throws(InputError) {
        if case .sequence? = vector.expect?["endpoints"]?.value {
            let got = compiled.endpoints(of: try onlyService()).flatMap(\.self)
            try expectation.compareTexts("endpoints", with: got, isOrdered: false)
        } else {
            try expectation.compareInteger("endpoints", with: compiled.maps.endpoint.count)
        }
        if vector.expect?["endpoints_by_index_from_1"] != nil {
            let nearest = compiled.endpoints(of: try onlyService()).first ?? []
            try expectation.compareTexts("endpoints_by_index_from_1", with: nearest)
        }
        for entry in try expectation.samples("endpoints_of") {
            let got = compiled.endpoints(of: try service(named: entry.key)).flatMap(\.self)
            let expected = try expectation.texts(entry.value, "endpoints_of")
            expectation.compareTexts("endpoints_of \(entry.key)", expected: expected, with: got, isOrdered: false)
        }
    }

    /// `endpoint_count_priority0`, and `endpoints_per_priority`, whose missing priorities are empty.
    private func compareCounts(_ expectation: inout Expectation) throws(InputError) {
        if vector.expect?["endpoint_count_priority0"] != nil {
            let counts = compiled.endpointCounts(of: try onlyService())
            try expectation.compareInteger("endpoint_count_priority0", with: counts.first)
        }
        if let node = expectation.value("endpoints_per_priority") {
            let expected = try expectation.texts(node, "endpoints_per_priority")
            var counts = compiled.endpointCounts(of: try onlyService())
            while counts.count > expected.count, counts.last == 0 { counts.removeLast() }
            expectation.compareTexts(
                "endpoints_per_priority", expected: expected, with: counts.map(String.init), isOrdered: true)
        }
    }

    /// `frontend_has`: whether each address is found.
    private func compareFrontends(_ expectation: inout Expectation) throws(InputError) {
        for entry in try expectation.samples("frontend_has") {
            guard let address = IPAddress(entry.key), let isExpected = entry.value.boolean else {
                throw expectation.wrong("frontend_has", "addresses with true or false", entry.value)
            }
            expectation.compare(
                "frontend_has \(entry.key)", expected: String(isExpected),
                got: String(compiled.hasFrontend(address)))
        }
    }

    /// `staged_endpoints`: those that wait for a service that is not known. They are the ones that a service of this
    /// name gets when it comes now and takes unhealthy endpoints too.
    private func compareStaged(_ expectation: inout Expectation) throws(InputError) {
        guard vector.expect?["staged_endpoints"] != nil else { return }
        let name = try onlyService()
        var staged: [String] = []
        if mesh.services[name] == nil {
            var trial = compiled
            let service = Service(name, loadBalancing: LoadBalancing(healthPolicy: .allowAll))
            try trial.apply(.setService(service), of: vector)
            staged = trial.endpoints(of: name).flatMap(\.self)
        }
        try expectation.compareTexts("staged_endpoints", with: staged, isOrdered: false)
    }

    private func onlyService() throws(InputError) -> ServiceName {
        guard let service = services.first else { throw vector.problem("no event names a service") }
        return service
    }

    /// The service with a short name, a hostname, or a full name.
    private func service(named text: String) throws(InputError) -> ServiceName {
        let found = services.first { name in
            name.description == text || name.hostname == text || name.hostname.prefix { $0 != "." } == text
        }
        guard let found else { throw vector.problem("no event names a service \"\(text)\"") }
        return found
    }
}
