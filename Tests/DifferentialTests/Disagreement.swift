import Model

/// A step after which the twins differ.
struct Disagreement: CustomStringConvertible {
    /// The step's place in its case; one past the last for what the maps hold at the end.
    var step: Int
    var lines: [String]

    var description: String { "step \(step): " + lines.joined(separator: "; ") }
}

extension KernelTwin {
    /// Runs a case in both twins.
    /// - Returns: the first disagreement, and how many connects there were.
    mutating func compare(_ test: DifferentialCase) throws -> (disagreement: Disagreement?, connectCount: Int) {
        try begin(test)
        var simulated = SimulatedTwin(test, cookies: cookies)
        var connectCount = 0
        for (index, step) in test.steps.enumerated() {
            if case .connect = step { connectCount += 1 }
            let (real, facts) = try perform(step)
            let lines = real.differences(from: simulated.perform(step, facts))
            if !lines.isEmpty { return (Disagreement(step: index, lines: lines), connectCount) }
        }
        let lines = Self.differences(try snapshot(), simulated.maps)
        return (lines.isEmpty ? nil : Disagreement(step: test.steps.count, lines: lines), connectCount)
    }

    /// The maps that do not hold the same bytes.
    private static func differences(_ real: MapStore, _ simulated: MapStore) -> [String] {
        func bytes<Key: BitwiseCopyable, Value: BitwiseCopyable>(_ entries: [(key: Key, value: Value)]) -> [[UInt8]] {
            entries.map { layoutBytes(of: $0.key) + layoutBytes(of: $0.value) }
        }
        func line(_ name: String, _ a: [[UInt8]], _ b: [[UInt8]]) -> String? {
            a == b
                ? nil
                : "\(name): kernel \(a.map(Digits.hexadecimal)) | simulator \(b.map(Digits.hexadecimal))"
        }
        return [
            line("km_frontend", bytes(real.frontend.sortedEntries), bytes(simulated.frontend.sortedEntries)),
            line("km_service", bytes(real.service.sortedEntries), bytes(simulated.service.sortedEntries)),
            line("km_endpoint", bytes(real.endpoint.sortedEntries), bytes(simulated.endpoint.sortedEntries)),
            line("km_backend", bytes(real.backend.sortedEntries), bytes(simulated.backend.sortedEntries)),
            line(
                "km_backend_alt", bytes(real.backendAlternative.sortedEntries),
                bytes(simulated.backendAlternative.sortedEntries)),
            line(
                "km_service_port", bytes(real.servicePort.sortedEntries), bytes(simulated.servicePort.sortedEntries)),
            line("km_manage", bytes(real.manage.sortedEntries), bytes(simulated.manage.sortedEntries)),
        ].compactMap(\.self)
    }
}
