extension SoundnessCheck {
    /// Who has which address.
    mutating func checkAddresses() {
        for (address, claims) in index.claims where claims.services.count + claims.workloads.count > 1 {
            checkShared(address, claims)
        }
        checkNodeAddresses()
        for number in index.services.indices where index.isPublished(service: number) {
            checkMapped(index.services[number].addresses.map(\.address), of: index.subject(service: number)) { _ in
                .bypass("Connects to it pass the service by: lookups ask for the IPv4 address.")
            }
        }
        for number in index.workloads.indices {
            let addresses = index.workloads[number].addresses
            if addresses.count != 1 { checkAddressCount(number) }
            if addresses.contains(where: \.isMapped), index.workloads[number].networkMode == .standard {
                checkMapped(addresses, of: index.subject(workload: number)) { [index] options in
                    index.takesWaypoint(workload: number, options)
                        ? .bypass("Connects to it pass its waypoint by: lookups ask for the IPv4 address.")
                        : .contained("The workload is not found by it: lookups ask for the IPv4 address.")
                }
            }
        }
        checkPodPrefixes()
    }

    // MARK: Shared addresses

    private mutating func checkShared(_ address: IPAddress, _ claims: MeshIndex.Claims) {
        if claims.services.count > 1 { checkSharedServices(address, claims.services) }
        if claims.workloads.count > 1, claims.services.isEmpty { checkSharedWorkloads(address, claims.workloads) }
        guard let service = claims.services.first, !claims.workloads.isEmpty else { return }
        report(
            .serviceWorkloadAddress, .error, index.subject(service: service),
            "\(address) is its virtual IP and the address of \(index.listed(workloads: claims.workloads))"
        ) { [index] options in
            let skipsWaypoint =
                claims.workloads.contains { index.takesWaypoint(workload: $0, options) }
                && !claims.services.contains { index.takesWaypoint(service: $0, options) }
            let sentence = "The service owns the address: the workload is not found by it"
            return skipsWaypoint ? .bypass("\(sentence), and its waypoint is skipped.") : .contained("\(sentence).")
        }
    }

    private mutating func checkSharedServices(_ address: IPAddress, _ services: [Int]) {
        let networks = services.map { service in
            index.services[service].addresses.first { $0.address == address }?.network ?? ""
        }
        let places = Set(networks).count > 1 ? "; their networks differ, the maps' keys have none" : ""
        let name = { [index] (service: Int) in index.services[service].name.description }
        report(
            .sharedServiceAddress, .error, index.subject(service: services[0]),
            "\(address) is a virtual IP of \(services.count) services: \(listed(services.map(name)))\(places)"
        ) { [index] options in
            let withWaypoint = services.filter { index.takesWaypoint(service: $0, options) }
            // By the text of the whole name, as the compiler decides.
            let first = services.min { name($0) < name($1) } ?? services[0]
            return Self.shared(
                options, first: name(first), mixed: !withWaypoint.isEmpty && withWaypoint.count < services.count,
                firstHasWaypoint: withWaypoint.contains(first))
        }
    }

    private mutating func checkSharedWorkloads(_ address: IPAddress, _ workloads: [Int]) {
        report(
            .sharedWorkloadAddress, .error, index.subject(workload: workloads[0]),
            "\(address) is the address of \(workloads.count) workloads: \(index.listed(workloads: workloads))"
        ) { [index] options in
            let published = workloads.filter { index.isPublished(workload: $0, options) }
            guard let first = published.first else {
                return .contained("None of them is in the maps: all are unhealthy.")
            }
            let withWaypoint = workloads.filter { index.takesWaypoint(workload: $0, options) }
            let name = index.workloads[first].uid.text
            if published.count == 1 {
                let sentence = "Only \(name) is in the maps, the others are unhealthy: it owns the address."
                return withWaypoint.isEmpty || withWaypoint.contains(first) ? .contained(sentence) : .bypass(sentence)
            }
            return Self.shared(
                options, first: name, mixed: !withWaypoint.isEmpty && withWaypoint.count < workloads.count,
                firstHasWaypoint: withWaypoint.contains(first))
        }
    }

    /// - Parameter mixed: Some of those who share have a waypoint and some have not.
    private static func shared(
        _ options: DataplaneOptions, first: String, mixed: Bool, firstHasWaypoint: Bool
    ) -> Consequence {
        if options.sharedAddress == .firstName {
            let sentence = "\(first), the first by name, gets all connects"
            return mixed && !firstHasWaypoint
                ? .bypass("\(sentence); the waypoint of another is skipped.") : .contained("\(sentence).")
        }
        let sentence = "The one that was sent last gets all connects"
        return mixed ? .bypass("\(sentence); that may skip the waypoint of another.") : .contained("\(sentence).")
    }

    private mutating func checkNodeAddresses() {
        let hasPolicies = !index.mesh.policies.isEmpty
        for node in index.mesh.sortedNodes {
            for address in node.addresses {
                guard let workloads = index.claims[address]?.workloads, !workloads.isEmpty else { continue }
                report(
                    .nodeAddress, .error, "node \(node.name)",
                    "\(address) is also the address of \(index.listed(workloads: workloads)) on the standard network"
                ) { options in
                    let sentence = "Connects to the node count as connects to the workload"
                    if hasPolicies && options.managedTest == .localAddress {
                        return .bypass("\(sentence); those from it to its node's pods pass as probes, unjudged.")
                    }
                    return .contained("\(sentence), and the node's processes have its identity.")
                }
            }
        }
    }

    // MARK: The addresses of one resource

    private mutating func checkMapped(
        _ addresses: [IPAddress], of subject: String, consequence: (DataplaneOptions) -> Consequence
    ) {
        for address in Set(addresses.filter(\.isMapped)) {
            report(
                .mappedAddress, .error, subject,
                "\(address) is an IPv4-mapped address, looked up as \(address.unmapped)",
                consequence: consequence)
        }
    }

    private mutating func checkAddressCount(_ number: Int) {
        let workload = index.workloads[number]
        if workload.addresses.isEmpty {
            guard !workload.services.isEmpty else { return }
            report(
                .noAddress, .warning, index.subject(workload: number),
                "has no address but belongs to \(counted(workload.services.count, "service"))"
            ) { _ in .contained("It has no map entries: no service picks it.") }
            return
        }
        // More than two addresses are always several of one family.
        let v4 = workload.addresses.filter { $0.family == .v4 }
        let v6 = workload.addresses.filter { $0.family == .v6 }
        guard let last = workload.addresses.last, v4.count > 1 || v6.count > 1,
            index.workloadWithholding[number] == nil
        else { return }
        report(
            .severalAddresses, .warning, index.subject(workload: number),
            "has \(v4.count) IPv4 and \(v6.count) IPv6 addresses"
        ) { options in
            let kept = options.extras == .keep ? [v4.first, v6.first].compactMap(\.self) : [last]
            let names = kept.map(\.description).joined(separator: " and ")
            return workload.networkMode == .standard
                ? .contained("Services send to \(names) only; connects to any of its addresses find it.")
                : .contained("Services send to \(names) only.")
        }
    }

    private mutating func checkPodPrefixes() {
        var outside: [String: [Int]] = [:]
        for number in index.workloads.indices {
            guard index.workloads[number].networkMode == .standard,
                let prefixes = index.mesh.nodes[index.workloads[number].node]?.podPrefixes, !prefixes.isEmpty
            else { continue }
            let isOutside = index.workloads[number].addresses.contains { address in
                !prefixes.contains { $0.contains(address) }
            }
            if isOutside { outside[index.workloads[number].node, default: []].append(number) }
        }
        for (node, workloads) in outside {
            let prefixes = (index.mesh.nodes[node]?.podPrefixes ?? []).map(\.description).joined(separator: ", ")
            report(
                .outsidePodPrefix, .warning, "node \(node)",
                "\(counted(workloads.count, "workload")) outside \(prefixes): \(index.listed(workloads: workloads))"
            ) { _ in .contained("Other nodes do not mark packets to these addresses, so they travel unencrypted.") }
        }
    }
}
