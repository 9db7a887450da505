import Inputs
import Model

/// The family `dns-name-table`: what the DNS proxy answers for the services.
enum DNSNameTableFamily {
    /// Builds the table and compares the hostnames, and the answer for each.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        var services: [Service] = []
        for node in input.list("services") {
            var fields = try Fields(node, file: vector.file, what: "a service")
            services.append(try fields.service())
        }
        var workloads: [Workload] = []
        for node in input.list("workloads") {
            var fields = try Fields(node, file: vector.file, what: "a workload")
            workloads.append(try fields.workload())
        }
        let table = DNSNameTable(services: services, workloads: workloads).entries
        var expectation = try Expectation(vector.expect, of: vector)
        guard let expected = try expectation.entries("table") else { return try expectation.finish() }
        expectation.compareTexts(
            "hostnames", expected: expected.map(\.key).sorted(), with: table.keys.sorted(), isOrdered: false)
        for entry in expected {
            guard let got = table[entry.key] else { continue }
            expectation.add(try differences(got, entry, vector))
        }
        return try expectation.finish()
    }

    /// A field that is missing is empty; the order of addresses says nothing.
    private static func differences(
        _ got: DNSNameTable.Entry, _ expected: DocumentNode.Entry, _ vector: ConformanceCase
    ) throws(InputError) -> [Difference] {
        var part = try Expectation(expected.value, of: vector, prefix: "\(expected.key) ")
        try part.compareTexts("ips", with: got.addresses.map(\.description), isOrdered: false)
        try part.compareText("registry", with: got.registry.rawValue)
        for (key, value) in [("namespace", got.namespace), ("shortname", got.shortName)] {
            if expected.value[key] == nil { part.compare(key, expected: "", got: value) }
            try part.compareText(key, with: value)
        }
        return try part.finish()
    }
}
