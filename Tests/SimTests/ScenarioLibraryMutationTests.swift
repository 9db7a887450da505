import Inputs
import Model
import Sim
import Testing

@testable import Scenario

/// Turns every expectation of a scenario into its contrary. None of them may be met then: an expectation that holds
/// both ways says nothing.
@Test(arguments: LibraryCase.all)
func everyExpectationCanFail(_ entry: LibraryCase) throws {
    var scenario = try Scenario(reading: entry.file)
    for (index, step) in scenario.steps.enumerated() {
        guard let expectations = step.expectations else { continue }
        scenario.steps[index].expectations = PresetExpectations(
            expectations[entry.preset].contrary, upstream: nil, hardened: nil, at: expectations.place)
    }
    var runner = try ScenarioRunner(scenario, .init(preset: entry.preset))
    for step in try runner.run().steps {
        for key in Set(step.checks.map(\.key)).sorted() where key != "oneOf" || !step.checks.contains(where: isShare) {
            let checks = step.checks.filter { $0.key == key }
            let met = checks.filter(\.isMet)
            // Of reports one statement is turned round, of problems one is added; of all else every one.
            let isEnough = key == "reports" || key == "problems" ? met.count < checks.count : met.isEmpty
            #expect(isEnough, "\(step.place) \(key): \(met.map { "\($0.expected), got \($0.got)" })")
        }
    }
}

private func isShare(_ check: CheckResult) -> Bool { check.key == "share" }

/// Where nothing is, by RFC 2544.
private let elsewhere = Host.address(.v4(0xc612_0001))

extension StepExpectation {
    /// The contrary of each part.
    fileprivate var contrary: StepExpectation {
        var result = self
        result.outcome?.value = outcome?.value.contrary ?? .refused
        result.via?.value = via?.value.contrary ?? TargetPattern(elsewhere)
        if let authorization { result.authorization?.value = authorization.value.contrary }
        // No hook ends with it.
        result.reason?.value = .none
        result.hooks?.value += [hooks?.value.last == .recvmsg4 ? .sendmsg4 : .recvmsg4]
        result.originalDestination?.value = originalDestination?.value.contrary ?? .absent
        result.bytes?.value += [0]
        result.tlv?.value = tlv?.value.contrary ?? .absent
        result.server?.value = server?.value.contrary ?? TargetPattern(elsewhere)
        result.seenFrom?.value = seenFrom?.value.contrary ?? TargetPattern(elsewhere)
        result.managed = managed?.map { ManagedPod(pod: $0.pod, isManaged: !$0.isManaged) }
        result.counters = counters?.map { Counter(name: $0.name, counts: $0.counts.contrary) }
        result.reports?.value = reports?.value.contrary ?? .matching([])
        result.maps?.value.statements = maps?.value.statements.map(\.contrary) ?? []
        result.problems?.value = problems?.value.contrary ?? .mentioning([])
        if let encryption { result.encryption?.value = encryption.value.contrary }
        result.loss = loss.map { Located($0.value.contrary, at: $0.place) }
        result.leaks = leaks.map { Located($0.value.contrary, at: $0.place) }
        result.drop = drop.map { Located($0.value == .none ? .timeToLive : .none, at: $0.place) }
        result.nodeErrors = nodeErrors.map { Located($0.value == .none ? .clear : .none, at: $0.place) }
        result.published = published?.map { .init(node: $0.node, spi: SPI(rawValue: ($0.spi?.rawValue ?? 0) + 1)) }
        result.states = states?.map { Counter(name: $0.name, counts: $0.counts.contrary) }
        return result
    }
}

extension ExpectedAuthorization {
    /// The other verdict, no policy, another rule, engine and dry run. What no policy decides is not asked again: the
    /// name of another one is not known here.
    fileprivate var contrary: ExpectedAuthorization {
        var result = self
        result.verdict = verdict.map { $0 == .allowed ? .denied : .allowed }
        result.policy = policy.flatMap { $0 == .none ? nil : ExpectedAuthorization.PolicyName.none }
        result.rule = rule.map { $0 + 1 }
        result.engine = engine.map { $0 == .xdp ? .userSpace : .xdp }
        result.dryRun = dryRun.map { $0 == .none ? .denied : .none }
        return result
    }
}

extension ExpectedDrop {
    fileprivate static let timeToLive = ExpectedDrop(rawValue: "timeToLive") ?? .none
}

extension ExpectedEncryption {
    /// Another way over the wire, and another SPI. The name of another peer is not known here.
    fileprivate var contrary: ExpectedEncryption {
        var result = self
        result.wire = wire.map { $0 == .clear ? .encrypted : .clear }
        result.spi = spi.map { SPI(rawValue: $0.rawValue + 1) }
        result.peer = nil
        return result
    }
}

extension TargetPattern {
    /// Another port of the same host, or another host.
    fileprivate var contrary: TargetPattern {
        port.map { TargetPattern(host, port: $0 ^ 1) } ?? TargetPattern(elsewhere)
    }
}

extension StepExpectation.RememberedAddress {
    fileprivate var contrary: StepExpectation.RememberedAddress {
        switch self {
        case .absent: .target(Target(elsewhere, port: 1))
        case .target(let target): .target(Target(target.host, port: target.port ^ 1))
        }
    }
}

extension CountRange {
    /// What is below, else what is above.
    fileprivate var contrary: CountRange {
        counts.lowerBound > 0
            ? CountRange(0...(counts.lowerBound - 1)) : CountRange((counts.upperBound + 1)...UInt64.max)
    }
}

extension Outcome {
    fileprivate var contrary: Outcome {
        switch self {
        case .destination(let pattern): .destination(pattern.contrary)
        case .oneOf: .oneOf([TargetPattern(elsewhere)])
        case .shares(let shares): .shares(shares.contrary)
        case .refused: .notRefused
        case .notRefused: .refused
        case .leftAlone: .redirected
        case .redirected: .leftAlone
        }
    }
}

extension Shares {
    /// Each share off by 0.2: what the number of connections must be large enough to tell.
    fileprivate var contrary: Shares {
        var result = self
        for (index, share) in shares.enumerated() {
            let change = share.fraction.millionths > 500_000 ? -200_000 : 200_000
            result.shares[index].fraction = Fraction(millionths: share.fraction.millionths + change)
        }
        return result
    }
}

extension Reports {
    fileprivate var contrary: Reports {
        switch self {
        case .count(let range): return .count(range.contrary)
        case .matching(let patterns):
            var patterns = patterns
            if let direction = patterns.first?.direction {
                patterns[0].direction = direction == .inbound ? .outbound : .inbound
            } else {
                patterns.removeFirst()
            }
            return .matching(patterns)
        }
    }
}

extension StepExpectation.Problems {
    fileprivate var contrary: StepExpectation.Problems {
        switch self {
        case .count(let range): .count(range.contrary)
        case .mentioning(let texts): .mentioning(texts.map { Located("not: \($0.value)", at: $0.place) })
        }
    }
}

extension ExpectedMaps.Statement {
    fileprivate var contrary: ExpectedMaps.Statement {
        var result = self
        switch content {
        case .count(let range): result.content = .count(range.contrary)
        case .entry(let key, _): result.content = .absent(key: key)
        case .absent(let key):
            result.content = .entry(key: key, value: DocumentNode(.scalar("0", isQuoted: false), at: place.position))
        }
        return result
    }
}
