import Inputs
import Model

/// The family `port-resolution`: the port at which a service's only endpoint is reached.
enum PortResolutionFamily {
    /// Compiles the service and its endpoint, connects, and compares the port.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        guard try input.string("resolution") ?? "STANDARD" == "STANDARD" else {
            throw vector.problem("only the resolution STANDARD is known")
        }
        let destination = try input.requiredSocketAddress("destination")
        let options = try vector.options()
        var compiled = CompiledMesh(options: options)
        for change in try changes(&input, vector) { try compiled.apply(change, of: vector) }
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareInteger(
            "upstream_port", with: port(reachedBy: destination, compiled.maps, options, seed: vector.id))
        return try expectation.finish()
    }

    private static func changes(
        _ input: inout Fields, _ vector: ConformanceCase
    ) throws(InputError) -> [MeshChange] {
        var serviceFields = try Fields(input.required("service"), file: vector.file, what: "\"service\"")
        let service = try serviceFields.service()
        var workloadFields = try Fields(input.required("workload"), file: vector.file, what: "\"workload\"")
        var workload = try workloadFields.workload()
        guard workloadFields.node("application_tunnel") == nil else {
            throw vector.problem("\"application_tunnel\" is not known")
        }
        var endpoint = try Fields(input.required("endpoint"), file: vector.file, what: "\"endpoint\"")
        guard try endpoint.string("workload_uid") ?? workload.uid.text == workload.uid.text else {
            throw vector.problem("the endpoint names another workload")
        }
        workload.health = try endpoint.health("status")
        workload.services[service.name] = try endpoint.ports("port")
        return [.setService(service), .setWorkload(workload)]
    }

    /// The port that a managed TCP connect is sent to, nil when it is refused or left alone.
    private static func port(
        reachedBy destination: SocketAddress, _ maps: MapStore, _ options: DataplaneOptions, seed: String
    ) -> Int? {
        var maps = maps
        var storage: SocketStorage?
        var generator = SplitMix64(seed: UInt64(NameTable.hash(seed)))
        var recorder = NoTrace()
        let cookie: UInt64 = 1
        maps.manage(ManageKey(cookie: cookie))
        let call = SocketCall(cookie: cookie, destination: destination, isTCP: true, now: 1)
        let hook = ConnectHook(options: options)
        let decision =
            destination.address.family == .v4
            ? hook.connect4(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
            : hook.connect6(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
        return decision.verdict == .rewrite ? Int(decision.destination.port) : nil
    }
}
