extension SoundnessCheck {
    /// Waypoints that are not found, not seen, or dropped.
    mutating func checkWaypoints() {
        for number in index.services.indices {
            guard let waypoint = index.services[number].waypoint else { continue }
            let subject = index.subject(service: number)
            checkWithheld(index.serviceWithholding[number], waypoint, subject)
            if index.isPublished(service: number) { checkServiceWaypoint(number, waypoint, subject) }
        }
        for number in index.workloads.indices {
            guard let waypoint = index.workloads[number].waypoint else { continue }
            let subject = index.subject(workload: number)
            checkWithheld(index.workloadWithholding[number], waypoint, subject)
            if index.workloadWithholding[number] == nil { checkWorkloadWaypoint(number, subject) }
        }
    }

    /// A resource whose waypoint is named by a service waits outside the maps until that service can be reached.
    private mutating func checkWithheld(
        _ cause: MeshIndex.Withholding?, _ waypoint: Gateway, _ subject: String
    ) {
        guard let cause, let name = waypoint.serviceName else { return }
        let message =
            switch cause {
            case .unknown: "its waypoint \(name) is not in the mesh"
            case .noAddress: "its waypoint \(name) has no virtual IP"
            case .waits: "its waypoint \(name) itself waits for a waypoint"
            case .cycle where subject == "service \(name)": "it names itself as its waypoint, and waits for itself"
            case .cycle: "its waypoint \(name) waits for it in turn"
            }
        report(.unresolvedWaypoint, .error, subject, message) { _ in
            .bypass("It stays out of the maps: connects go to its addresses as if there were no mesh.")
        }
    }

    private mutating func checkServiceWaypoint(_ number: Int, _ waypoint: Gateway, _ subject: String) {
        let service = index.services[number]
        let hops = Preset.allCases.map { index.hop(waypoint, family: firstFamily(number), options(of: $0)) }
        if let address = service.addresses.first?.address, hops.contains(where: { $0?.address == address }) {
            report(.ownWaypoint, .note, subject, "its waypoint is its own virtual IP \(address)") { _ in
                .contained("The waypoint is dropped, and connects are balanced.")
            }
            return
        }
        if service.hasStatusPort, !service.addresses.isEmpty {
            report(.statusPortWaypoint, .note, subject, "it lists port 15021, as waypoints do, and names a waypoint") {
                _ in .contained("It is taken for a waypoint: its own one is dropped, and connects are balanced.")
            }
            return
        }
        checkHop(subject, service.addresses.map(\.address), isService: true) { [index] in
            index.hop(ofService: number, $0)
        }
    }

    private mutating func checkWorkloadWaypoint(_ number: Int, _ subject: String) {
        checkHop(subject, index.workloads[number].addresses, isService: false) { [index] in
            index.hop(ofWorkload: number, $0)
        }
    }

    private func firstFamily(_ service: Int) -> AddressFamily? {
        index.services[service].addresses.first?.address.family
    }

    /// The address and port that the maps will hold.
    private mutating func checkHop(
        _ subject: String, _ addresses: [IPAddress], isService: Bool, hop: (DataplaneOptions) -> MeshIndex.Hop?
    ) {
        guard let known = Preset.allCases.compactMap({ hop(options(of: $0)) }).first else { return }
        let text = SocketAddress(known.address, port: known.port)
        if known.port == 0 || known.address.isUnspecified {
            reportUnset(subject, text, isService: isService)
            return
        }
        if isService, MapAddress(known.address).word.0 == 0 {
            report(.zeroWordWaypoint, .error, subject, "its waypoint \(text) begins with four zero bytes") { options in
                options.waypointTest == .firstWord
                    ? .bypass("The waypoint is not seen: connects go to an endpoint directly.")
                    : .contained("Connects go to the waypoint.")
            }
        }
        checkHopFamily(subject, addresses, isService: isService, hop: hop)
        if anyPreset({ options in hop(options).map { !index.hasFrontend($0.address, options) } ?? false }) {
            report(.unownedWaypoint, .warning, subject, "nothing in the maps has its waypoint's address \(text)") {
                [index] options in
                hop(options).map { index.hasFrontend($0.address, options) } ?? false
                    ? .contained("Connects go to what has the address.")
                    : .contained("Connects go to the address as it is, whatever listens there.")
            }
        }
    }

    /// A waypoint is one address: connects of the other family cannot get there.
    private mutating func checkHopFamily(
        _ subject: String, _ addresses: [IPAddress], isService: Bool, hop: (DataplaneOptions) -> MeshIndex.Hop?
    ) {
        /// The first address whose connects cannot go to the waypoint.
        func stranded(_ options: DataplaneOptions) -> IPAddress? {
            guard let hop = hop(options) else { return nil }
            return addresses.first { $0.family != hop.address.family }
        }
        let options = Preset.allCases.map { self.options(of: $0) }
        guard let affected = options.first(where: { stranded($0) != nil }), let address = stranded(affected),
            let waypoint = hop(affected)
        else { return }
        let isPartly = addresses.contains { $0.family == waypoint.address.family }
        let text = SocketAddress(waypoint.address, port: waypoint.port)
        report(
            .waypointFamily, isPartly ? .warning : .error, subject,
            "its waypoint \(text) has the other address family than \(address)"
        ) { options in
            guard let address = stranded(options), let waypoint = hop(options) else {
                return .contained("Connects go to the waypoint.")
            }
            if options.mixedFamilies == .reinterpret {
                let isOverlooked =
                    isService && options.waypointTest == .firstWord && MapAddress(waypoint.address).word.0 == 0
                return isOverlooked
                    ? .bypass("The waypoint is not seen: connects go to an endpoint directly.")
                    : .contained("Connects to \(address) go to the waypoint's bytes, read as the wrong family.")
            }
            return options.noEndpoint == .leave
                ? .bypass("Connects to \(address) go there as if there were no mesh.")
                : .contained("Connects to \(address) are refused.")
        }
    }

    private mutating func reportUnset(_ subject: String, _ text: SocketAddress, isService: Bool) {
        report(.unsetWaypoint, .error, subject, "its waypoint is \(text)") { options in
            let seesBackend = options.waypointTest == .firstWord && text.port != 0 && !isService
            let destination = isService ? "an endpoint" : "the workload"
            return seesBackend
                ? .contained("Connects go to \(text), which is the caller itself.")
                : .bypass("It counts as no waypoint: connects go to \(destination) directly.")
        }
    }
}
