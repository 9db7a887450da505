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
            case .cycle(let first): "its waypoint \(name) waits for it in turn, by way of \(index.services[first].name)"
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
        checkHop(subject, family: firstFamily(number), isService: true) { [index] in index.hop(ofService: number, $0) }
    }

    private mutating func checkWorkloadWaypoint(_ number: Int, _ subject: String) {
        let family = index.workloads[number].addresses.first?.family
        checkHop(subject, family: family, isService: false) { [index] in index.hop(ofWorkload: number, $0) }
    }

    private func firstFamily(_ service: Int) -> AddressFamily? {
        index.services[service].addresses.first?.address.family
    }

    /// The address and port that the maps will hold.
    private mutating func checkHop(
        _ subject: String, family: AddressFamily?, isService: Bool,
        hop: (DataplaneOptions) -> MeshIndex.Hop?
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
        if let family, anyPreset({ (hop($0)?.address.family ?? family) != family }) {
            report(.waypointFamily, .error, subject, "its waypoint \(text) has the other address family") { options in
                if (hop(options)?.address.family ?? family) == family { return .contained("It goes to the waypoint.") }
                return options.mixedFamilies == .reinterpret
                    ? .contained("Connects go to an address made of the wrong bytes, and fail or end anywhere.")
                    : .contained("Connects are refused.")
            }
        }
        if anyPreset({ options in hop(options).map { !index.hasFrontend($0.address, options) } ?? false }) {
            report(.unownedWaypoint, .warning, subject, "nothing in the mesh has the address of its waypoint \(text)") {
                _ in .contained("Connects go to that very address, whatever listens there.")
            }
        }
    }

    private mutating func reportUnset(_ subject: String, _ text: SocketAddress, isService: Bool) {
        report(.unsetWaypoint, .error, subject, "its waypoint is \(text)") { options in
            let seesBackend = options.waypointTest == .firstWord && text.port != 0 && !isService
            return seesBackend
                ? .contained("Connects go to \(text), which is the caller itself.")
                : .bypass("It counts as no waypoint: connects go to an endpoint directly.")
        }
    }
}
