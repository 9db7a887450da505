import Model

/// A step after which the twins differ.
struct Disagreement: CustomStringConvertible {
    /// The step's place in its case; one past the last for what the maps hold at the end.
    var step: Int
    var lines: [String]

    var description: String { "step \(step): " + lines.joined(separator: "; ") }
}

/// What a case gave.
struct Comparison {
    /// The first one; nothing after it was run.
    var disagreement: Disagreement?
    var connectCount = 0
    /// How often the kernel's hooks ended with each reason.
    var exits: [StepOutcome.Exit: Int] = [:]
    /// What the kernel did, up to the disagreement.
    var outcomes: [StepOutcome] = []
}

extension KernelTwin {
    /// Runs a case in both twins.
    /// - Parameter options: What the simulated twin takes for the case's options.
    mutating func compare(_ test: DifferentialCase, simulating options: DataplaneOptions? = nil) throws -> Comparison {
        try begin(test)
        var simulated = SimulatedTwin(test, options: options ?? test.options, cookies: cookies)
        var result = Comparison()
        for (index, step) in test.steps.enumerated() {
            if case .connect = step { result.connectCount += 1 }
            let (real, facts) = try perform(step)
            result.outcomes.append(real)
            for exit in real.exits + real.packetExits.compactMap(\.self) { result.exits[exit, default: 0] += 1 }
            let lines = real.differences(from: simulated.perform(step, facts))
            if !lines.isEmpty {
                result.disagreement = Disagreement(step: index, lines: lines)
                return result
            }
        }
        let lines = Self.differences(try snapshot(), simulated.maps)
        if !lines.isEmpty { result.disagreement = Disagreement(step: test.steps.count, lines: lines) }
        return result
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
