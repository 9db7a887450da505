extension SoundnessCheck {
    /// Policies that do less, or upstream more, than they seem to.
    mutating func checkPolicies() {
        let doubtful = index.mesh.sortedPolicies.filter { $0.rules.isEmpty || $0.isDryRun }
        guard !doubtful.isEmpty else { return }
        // The policies that XDP walks to: the first four of each workload.
        let walked = Set(index.workloads.flatMap { $0.policies.prefix(4) })
        for policy in doubtful {
            if policy.rules.isEmpty, !policy.isDryRun {
                reportEmpty(policy, isWalked: walked.contains(policy.resourceName))
            }
            if policy.isDryRun { reportDryRun(policy) }
        }
    }

    private mutating func reportEmpty(_ policy: Policy, isWalked: Bool) {
        let name = "policy \(policy.resourceName)"
        let action = policy.action.rawValue.uppercased()
        report(.emptyPolicy, isWalked ? .warning : .note, name, "\(action) without rules never matches") { options in
            if options.extras == .drop, isWalked {
                return .bypass(
                    "XDP ends its walk with a pass there: it denies nothing, and those after it are skipped.")
            }
            return policy.action == .deny
                ? .contained("It denies nothing.")
                : .contained("It allows nothing: where it applies, only other ALLOW policies let traffic in.")
        }
    }

    private mutating func reportDryRun(_ policy: Policy) {
        let action = policy.action.rawValue.uppercased()
        report(.dryRunPolicy, .note, "policy \(policy.resourceName)", "\(action) is marked as a dry run") { options in
            options.extras == .drop
                ? .contained("The mark is not read: the policy is enforced.")
                : .contained("It is evaluated and reported, never enforced.")
        }
    }
}
