extension SoundnessCheck {
    /// Which workloads a service can send to.
    mutating func checkEndpoints() {
        for number in index.services.indices where index.isPublished(service: number) {
            if anyPreset({ index.isBalanced(number, $0) }) { checkEndpointCount(number) }
            if index.services[number].loadBalancing.healthPolicy == .allowAll { checkHealthPolicy(number) }
        }
        for number in index.workloads.indices where index.workloads[number].health == .unhealthy {
            checkUnhealthy(number)
        }
    }

    /// What happens to a connect to a service that finds no endpoint.
    func unanswered(_ options: DataplaneOptions) -> Consequence {
        options.noEndpoint == .leave
            ? .bypass("Connects go to the virtual IP as if there were no mesh.") : .contained("Connects are refused.")
    }

    private mutating func checkEndpointCount(_ number: Int) {
        let members = index.members[number]
        let subject = index.subject(service: number)
        if members.isEmpty {
            let count = index.services[number].addresses.count
            report(.noEndpoint, .warning, subject, "has \(counted(count, "virtual IP")) and no workload") {
                [self] options in
                index.isBalanced(number, options) ? unanswered(options) : .contained("Its waypoint takes the connects.")
            }
            return
        }
        guard anyPreset({ options in !members.contains { index.isEndpoint($0, of: number, options) } }) else { return }
        report(
            .noUsableEndpoint, .warning, subject,
            "has \(counted(members.count, "workload")), but none to send to: \(causes(of: members))"
        ) {
            [self] options in
            let count = index.endpoints(of: number, options).count
            if count > 0 { return .contained("It asks for unhealthy endpoints too, and gets \(count).") }
            return index.isBalanced(number, options)
                ? unanswered(options) : .contained("Its waypoint takes the connects.")
        }
    }

    /// Why workloads are no endpoints: `2 unhealthy, 1 without address`. Each counts for one cause.
    private func causes(of members: [Int]) -> String {
        let waiting = members.count { index.workloadWithholding[$0] != nil }
        let addressless = members.count {
            index.workloadWithholding[$0] == nil && index.workloads[$0].addresses.isEmpty
        }
        let causes = [
            (members.count - waiting - addressless, "unhealthy"), (addressless, "without address"),
            (waiting, "waiting for a waypoint"),
        ]
        return causes.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    private mutating func checkHealthPolicy(_ number: Int) {
        let members = index.members[number]
        let unhealthy = members.count {
            index.workloads[$0].health == .unhealthy && index.workloadWithholding[$0] == nil
                && !index.workloads[$0].addresses.isEmpty
        }
        guard unhealthy > 0, unhealthy < members.count else { return }
        report(
            .healthPolicy, .note, index.subject(service: number),
            "asks for unhealthy endpoints too, which are \(unhealthy) of \(counted(members.count, "workload"))"
        ) { options in
            options.healthPolicy == .honour
                ? .contained("They get traffic like the healthy ones.")
                : .contained("They get no traffic: the wish is not read.")
        }
    }

    private mutating func checkUnhealthy(_ number: Int) {
        let workload = index.workloads[number]
        guard workload.networkMode == .standard, index.workloadWithholding[number] == nil,
            anyPreset({ index.takesWaypoint(workload: number, $0) })
        else { return }
        let owned = workload.addresses.filter { index.claims[$0]?.services.isEmpty ?? true }
        guard !owned.isEmpty else { return }
        report(
            .unhealthyAtFirst, .warning, index.subject(workload: number),
            "is unhealthy, and connects to \(listed(owned.map(\.description))) should go to its waypoint"
        ) { options in
            options.unhealthyAtFirst == .withhold
                ? .bypass("A node that sees it first as unhealthy gives it no frontend: connects skip its waypoint.")
                : .contained("It keeps its frontend: connects to it go to its waypoint.")
        }
    }

    // MARK: Address families

    /// Which virtual IPs have endpoints of their family.
    mutating func checkFamilies() {
        for number in index.services.indices where anyPreset({ index.isBalanced(number, $0) }) {
            for family in AddressFamily.allCases
            where index.services[number].addresses.contains(where: { $0.address.family == family }) {
                checkFamily(family, of: number)
            }
        }
    }

    private mutating func checkFamily(_ family: AddressFamily, of number: Int) {
        let counts = Preset.allCases.map { preset in
            let options = options(of: preset)
            let endpoints = index.endpoints(of: number, options).filter { !index.takesWaypoint(workload: $0, options) }
            return (all: endpoints.count, fitting: endpoints.count { index.reaches($0, over: family, options) })
        }
        guard counts.contains(where: { $0.fitting < $0.all }) else { return }
        let isNone = counts.contains { $0.all > 0 && $0.fitting == 0 }
        let numbers = zip(Preset.allCases, counts).map { "\($1.fitting) of \($1.all) \($0.rawValue)" }
        report(
            isNone ? .familyWithoutEndpoint : .familyPartly, isNone ? .error : .warning,
            index.subject(service: number),
            "has an \(family == .v4 ? "IPv4" : "IPv6") virtual IP; endpoints with such an address in the maps: "
                + numbers.joined(separator: ", ")
        ) { [self] options in
            let count = counts[options == self.options(of: .upstream) ? 0 : 1]
            if !index.isBalanced(number, options) { return .contained("Its waypoint takes the connects.") }
            if count.all == 0 { return .contained("It has no endpoint at all.") }
            if count.fitting == count.all { return .contained("Every endpoint can be used.") }
            if options.mixedFamilies == .reinterpret {
                return count.fitting > 0
                    ? .contained(
                        "A connect that picks another goes to the bytes of its address, read as the wrong family.")
                    : .contained("Connects go to the bytes of an endpoint's address, read as the wrong family.")
            }
            if count.fitting > 0 { return .contained("The others are stepped over, at most 8 at a time.") }
            return unanswered(options)
        }
    }
}
