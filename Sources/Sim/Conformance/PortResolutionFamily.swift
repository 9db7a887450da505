import Inputs
import Model

/// The family `port-resolution`: the port at which a service's only endpoint is reached.
enum PortResolutionFamily {
    /// Compiles the service and its endpoint, connects, and compares the port.
    /// - Parameter make: Gets what the connect meets.
    static func differences<Calls: ConnectCalls>(
        in vector: ConformanceCase, making make: (ConnectInput) throws(InputError) -> Calls
    ) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        guard try input.string("resolution") ?? "STANDARD" == "STANDARD" else {
            throw vector.problem("only the resolution STANDARD is known")
        }
        let destination = try input.requiredSocketAddress("destination")
        let options = try vector.options()
        var compiled = CompiledMesh(options: options)
        for change in try changes(&input, vector) { try compiled.apply(change, of: vector) }
        var calls = try make(ConnectInput(vector, options: options, maps: compiled.maps))
        var socket = try calls.open(destination.address.family, isTCP: true)
        let final = try calls.connect(&socket, to: destination)
        try calls.close(socket)
        // A connect that is left alone is no resolution.
        let port = final == destination ? nil : final.map { Int($0.port) }
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareInteger("upstream_port", with: port)
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
}
