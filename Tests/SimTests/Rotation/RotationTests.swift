import Model
import Testing

@testable import Sim

@Suite struct RotationTests {
    private func result(
        _ cluster: RotationCluster, isReduced: Bool? = nil, limit: Int = 1_000_000,
        order: @escaping ([EncryptionStep]) -> [EncryptionStep] = { $0 }
    ) -> RotationResult {
        var search = RotationSearch(cluster, maximumStateCount: limit, isReduced: isReduced, order: order)
        return search.run()
    }

    private func failures(_ result: RotationResult) throws -> (acts: [RotationAct], failures: [RotationFailure]) {
        guard case .broken(let acts, let failures) = result.outcome else {
            Issue.record("\(result.outcome)")
            return ([], [])
        }
        return (acts, failures)
    }

    @Test(arguments: [2, 3])
    func hardenedLosesNothingInAnyOrder(_ nodeCount: Int) {
        let cluster = RotationCluster(nodeCount: nodeCount, preset: .hardened)
        let (all, reduced) = (result(cluster), result(cluster, isReduced: true))
        #expect(all.holds, "\(all.outcome)")
        #expect(reduced.holds, "\(reduced.outcome)")
        #expect(all.stateCount > reduced.stateCount && reduced.stateCount > 4)
    }

    @Test func agentsMayBeStartedAnewAtAnyTime() {
        let result = result(RotationCluster(nodeCount: 2, preset: .hardened, restartCount: 1))
        #expect(result.holds, "\(result.outcome)")
    }

    @Test func nodesMayBootAtAnyTimeAndNothingLeavesInClear() {
        let result = result(RotationCluster(nodeCount: 2, preset: .hardened, rebootCount: 1))
        #expect(result.holds, "\(result.outcome)")
    }

    /// H18: among three nodes nobody rotates anything yet, and packets are lost.
    @Test func upstreamIsBrokenByTheThirdNode() throws {
        #expect(result(RotationCluster(nodeCount: 2, preset: .upstream)).holds)
        let (acts, failures) = try failures(result(RotationCluster(nodeCount: 3, preset: .upstream)))
        #expect(acts.isEmpty && failures.count == 6)
        #expect(failures.contains { $0.verdict == .lost(.wrongKey(SPI(rawValue: 1))) })
        #expect(failures.contains { if case .lost(.otherTemplate) = $0.verdict { true } else { false } })
    }

    @Test func theSearchTellsWhenNothingIsProved() {
        let few = result(RotationCluster(nodeCount: 3, preset: .hardened), limit: 100)
        guard case .undecided(.tooManyStates) = few.outcome else {
            Issue.record("\(few.outcome)")
            return
        }
    }

    /// The key file, the publication, what the other one hears and has, and its first packet under the new key.
    @Test(arguments: [false, true])
    func publishingFirstLosesPackets(_ isReduced: Bool) throws {
        let cluster = RotationCluster(nodeCount: 2, preset: .hardened)
        let (acts, failures) = try failures(
            result(cluster, isReduced: isReduced) { steps in
                steps.filter(\.isPublication) + steps.filter { !$0.isPublication }
            })
        #expect(
            failures.allSatisfy { if case .lost(.noState(SPI(rawValue: 2), _)) = $0.verdict { true } else { false } })
        #expect(acts.first == RotationAct(event: .rotate(0), steps: acts.first?.steps ?? []))
        #expect(acts.contains { $0.event == .deliver(from: 0, to: 1) || $0.event == .deliver(from: 1, to: 0) })
        if isReduced { return }
        // The shortest: nothing can be left out.
        #expect(acts.count == 8)
        #expect(failures.count == 1)
    }

    /// A policy that names a state which is not there yet.
    @Test func aPolicyBeforeItsStateLosesPackets() throws {
        let (acts, failures) = try failures(
            result(RotationCluster(nodeCount: 2, preset: .hardened)) { steps in
                steps.filter { !$0.isOutState } + steps.filter(\.isOutState)
            })
        #expect(!acts.isEmpty && failures.map(\.verdict) == [.lost(.noStateToSend(SPI(rawValue: 2)))])
    }

    @Test func aNodeWithoutPoliciesSendsInClear() throws {
        let (_, failures) = try failures(
            result(RotationCluster(nodeCount: 2, preset: .hardened)) { steps in
                steps.flatMap { step -> [EncryptionStep] in
                    guard case .xfrm(.updatePolicy(let policy)) = step, policy.direction == .out else { return [step] }
                    return [.xfrm(.deletePolicy(policy.id)), step]
                }
            })
        #expect(failures.map(\.verdict) == [.clear(.noPolicy)])
    }

    @Test func equalSearchesComeToTheSame() throws {
        let cluster = RotationCluster(nodeCount: 3, preset: .hardened)
        let (first, second) = (result(cluster, isReduced: true), result(cluster, isReduced: true))
        #expect(first.stateCount == second.stateCount && first.transitionCount == second.transitionCount)
        #expect(first.nodeStateCount == second.nodeStateCount)
    }
}

extension EncryptionStep {
    fileprivate var isPublication: Bool { if case .publish = self { true } else { false } }

    fileprivate var isOutState: Bool {
        if case .xfrm(.addState(let state)) = self { state.outputMark == nil } else { false }
    }
}
