extension SoundnessCheck {
    /// What one resource can have, by the layouts of the maps.
    mutating func checkLimits() {
        for number in index.services.indices where index.isPublished(service: number) {
            checkPortCount(number)
            checkScopes(number)
        }
        for number in index.workloads.indices {
            let count = index.workloads[number].services.count
            if count > 10 {
                report(
                    .tooManyServices, .note, index.subject(workload: number),
                    "belongs to \(count) services; its map entry has room for 10"
                ) { _ in .contained("No lookup reads the names: it is an endpoint of all \(count).") }
            }
            checkPolicyCount(number)
        }
    }

    private mutating func checkPortCount(_ number: Int) {
        let ports = index.services[number].ports.map(\.servicePort)
        guard ports.count > 10 else { return }
        var lost: [UInt16] = []
        for port in ports[10...] where !ports[..<10].contains(port) && !lost.contains(port) { lost.append(port) }
        guard !lost.isEmpty else { return }
        let isReached = anyPreset { index.isBalanced(number, $0) }
        report(
            .tooManyPorts, isReached ? .warning : .note, index.subject(service: number),
            "has \(ports.count) ports; km_service has room for 10, not for \(listed(lost.map(\.description)))"
        ) { [index] options in
            if options.extras == .keep { return .contained("The others are in a map of their own: all work.") }
            guard index.isBalanced(number, options) else {
                return .contained("No lookup reads the ports: the service has no virtual IP or a waypoint comes first.")
            }
            return options.unlistedPort == .leave
                ? .bypass("Connects to the others go to the virtual IP as if there were no mesh.")
                : .contained("Connects to the others are refused.")
        }
    }

    private mutating func checkScopes(_ number: Int) {
        let balancing = index.services[number].loadBalancing
        let preference = balancing.routingPreference
        guard balancing.mode == .strict || balancing.mode == .failover else { return }
        let distinct = Set(preference).count
        let most = LoadBalancing.lowestPriority
        if preference.count > most {
            report(
                .tooManyScopes, balancing.mode == .failover ? .warning : .note, index.subject(service: number),
                "ranks by \(preference.count) scopes; there are priorities for \(most)"
            ) { _ in
                balancing.mode == .failover
                    ? .contained(
                        "Endpoints that match in at most \(counted(preference.count - most, "scope")) share priority 6."
                    )
                    : .contained("Strict uses priority 0 only, so nothing changes.")
            }
        } else if distinct < preference.count {
            report(
                .repeatedScope, .note, index.subject(service: number),
                "ranks by \(preference.count) scopes, \(preference.count - distinct) of them repeated"
            ) { _ in .contained("The repetition leaves priorities empty; the order of the endpoints stays.") }
        }
    }

    private mutating func checkPolicyCount(_ number: Int) {
        let policies = index.workloads[number].policies
        guard policies.count > 4 else { return }
        let skipsDeny = policies[4...].contains { name in
            index.mesh.policies[name].map { $0.action == .deny && !$0.isDryRun } ?? false
        }
        report(
            .tooManyPolicies, skipsDeny ? .error : .warning, index.subject(workload: number),
            "has \(policies.count) policies; km_wlpolicy has room for 4, not for \(listed(policies[4...]))"
        ) { options in
            if options.extras == .keep { return .contained("All are enforced, on the first packet.") }
            return skipsDeny
                ? .bypass("XDP skips the others: a DENY among them bites, if at all, only after the first packets.")
                : .contained("XDP skips the others: what only an ALLOW among them allows is dropped.")
        }
    }
}
