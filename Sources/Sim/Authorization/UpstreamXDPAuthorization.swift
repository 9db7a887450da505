import Model

/// Upstream's XDP program on a pod's interfaces while policies are offloaded: the verdict on one packet.
///
/// km_auth_res decides where it holds the connection. Else the destination's entry in km_frontend names a workload (or
/// a service: ids are not told apart), whose policies in km_wlpolicy are walked through; the first that matches
/// decides, and its verdict is put into km_auth_res. The walk's state lies in km_tcargs, from where only a match
/// removes it.
public enum UpstreamXDPAuthorization {
    /// Judges a frame. The frame is never changed.
    /// - Parameter frontends: where km_frontend is looked up.
    public static func run(
        _ bytes: [UInt8], _ maps: inout UpstreamAuthorizationMaps, frontends: inout some MapAccess,
        recorder: inout some DecisionRecorder
    ) -> UpstreamXDPOutcome {
        let frame: UpstreamFrame
        do {
            frame = try UpstreamFrame(bytes)
        } catch {
            return UpstreamXDPOutcome(error)
        }
        if let result = maps.results.lookup(frame.tuple) {
            return UpstreamXDPOutcome(result.denied == 0 ? .cachedAllow : .cachedDenial, frame)
        }
        let address = frame.destination.unmapped
        let owner = frontends.frontend(address)
        recorder.record(.frontend(address, owner))
        guard let owner else { return UpstreamXDPOutcome(.noFrontend, frame) }
        guard let slots = maps.policySlots(of: owner.upstream_id) else {
            return UpstreamXDPOutcome(.noPolicies, frame)
        }
        do {
            try maps.walks.update(frame.tuple, to: UpstreamAuthorizationMaps.WalkState())
        } catch {
            return UpstreamXDPOutcome(.stateFull, frame)
        }
        return walk(slots, frame, &maps)
    }

    /// Goes through the slots until a policy matches, there is none, or one has no rules.
    private static func walk(
        _ slots: [ResourceID], _ frame: UpstreamFrame, _ maps: inout UpstreamAuthorizationMaps
    ) -> UpstreamXDPOutcome {
        var state = UpstreamAuthorizationMaps.WalkState()
        /// The first ALLOW policy that missed, and the first with a match whose names were not looked at.
        var (missedAllow, unlooked): (String?, String?)
        var missing: ResourceID?
        walk: for id in slots {
            guard let policy = maps.policies[id] else {
                missing = id == 0 ? nil : id
                break
            }
            switch policy.evaluate(frame) {
            case .matched(let hit): return matched(policy, hit, frame, &maps)
            case .noRules:
                var outcome = UpstreamXDPOutcome(.policyWithoutRules, frame)
                outcome.policy = policy.name
                return ended(outcome, state, frame, &maps)
            case .missed(let namesIdentity):
                if namesIdentity {
                    state.handsOver = true
                    unlooked = unlooked ?? policy.name
                }
                if policy.action == .allow {
                    state.missedAllow = true
                    missedAllow = missedAllow ?? policy.name
                }
            }
            state.slot += 1
        }
        // The program of the user-space mode finds no verdict: one would have ended this before the walk.
        let reason: UpstreamXDPReason =
            state.handsOver
            ? .handedOver : state.missedAllow ? .allowMissed : missing != nil ? .policyMissing : .nothingMatched
        var outcome = UpstreamXDPOutcome(reason, frame)
        outcome.policy = state.handsOver ? unlooked : missedAllow
        outcome.missingPolicy = missing
        return ended(outcome, state, frame, &maps)
    }

    /// A policy matches: its verdict is cached, unless km_auth_res is full, and holds for this packet in any case.
    private static func matched(
        _ policy: UpstreamXDPPolicy, _ hit: UpstreamRuleHit, _ frame: UpstreamFrame,
        _ maps: inout UpstreamAuthorizationMaps
    ) -> UpstreamXDPOutcome {
        let isDenial = policy.action == .deny
        var outcome = UpstreamXDPOutcome(isDenial ? .denyMatched : .allowMatched, frame)
        outcome.hit = hit
        outcome.policy = policy.name
        // It is there: the walk began with it.
        try? maps.walks.delete(frame.tuple)
        outcome.isCached = (try? maps.results.update(frame.tuple, to: AuthResult(denied: isDenial ? 1 : 0))) != nil
        return outcome
    }

    /// No policy matches: the walk's state stays behind.
    private static func ended(
        _ outcome: UpstreamXDPOutcome, _ state: UpstreamAuthorizationMaps.WalkState, _ frame: UpstreamFrame,
        _ maps: inout UpstreamAuthorizationMaps
    ) -> UpstreamXDPOutcome {
        // It is there: the walk began with it, so there is room.
        try? maps.walks.update(frame.tuple, to: state)
        var outcome = outcome
        outcome.leavesState = true
        return outcome
    }
}
