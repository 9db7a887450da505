/// What a service shall be in the maps, but for its addresses.
struct NextService {
    var value: ServiceValue
    /// Ports beyond ten, in map form.
    var extraPorts: [UInt32: UInt32]
    var changes: EndpointChanges
}

/// How the addresses of a published service change.
struct AddressChange {
    /// Addresses that the service claims, in order; it may have had them before.
    var claimed: [IPAddress] = []
    var vanished: [IPAddress] = []
    /// Addresses to which those who name the service as their waypoint turn.
    var turned: [IPAddress] = []

    /// Whether no way by which a lookup reached the service so far ends or turns.
    var keepsWays: Bool { vanished.isEmpty && turned.isEmpty }
}

extension Compiler {
    /// Takes the maps from one state of a service to the next, so that every lookup gets an answer of the old or the new
    /// one. The service's record has its new addresses already.
    mutating func change(
        _ id: ResourceID, to next: NextService, _ addresses: AddressChange, into writes: inout [MapWrite]
    ) {
        guard let step = step(from: services[id], to: next, addresses) else { return }
        if step == .behindStandIn {
            changeBehindStandIn(id, to: next, addresses, into: &writes)
            return
        }
        let keepsRest = step == .addressesOnly
        if !keepsRest && !addresses.vanished.isEmpty {
            disclaim(addresses.vanished, of: id, into: &writes)
            writes.append(.barrier)
        }
        replaceExtraPorts(of: id, services[id]?.extraPorts ?? [:], with: next.extraPorts, into: &writes)
        services[id]?.extraPorts = next.extraPorts
        transition(id, to: next.value, next.changes, into: &writes)
        for address in addresses.claimed { claim(address, service: id, into: &writes) }
        if !addresses.turned.isEmpty { refreshUsers(of: id, into: &writes) }
        if keepsRest && !addresses.vanished.isEmpty {
            writes.append(.barrier)
            disclaim(addresses.vanished, of: id, into: &writes)
        }
    }

    private enum Step {
        case addressesOnly, inPlace, behindStandIn
    }

    /// How to get from a record to the next state. Nobody holds the record when it changes, so that it is not copied.
    private func step(from record: ServiceRecord?, to next: NextService, _ addresses: AddressChange) -> Step? {
        guard let record else { return nil }
        let keepsHeader = record.table.header.isSameHeader(as: next.value)
        let keepsExtraPorts = record.extraPorts == next.extraPorts
        if keepsHeader && keepsExtraPorts && next.changes.isEmpty { return .addressesOnly }
        // Ports beyond ten are read one by one, so they may change one by one.
        let isInPlace =
            keepsExtraPorts
            ? record.table.canTransition(to: next.value, next.changes) : keepsHeader && next.changes.isEmpty
        let isSteady = isInPlace && addresses.keepsWays
        let needsStandIn = record.table.isPublished && !isSteady && hasRoomForStandIn(of: record, next.changes)
        return needsStandIn ? .behindStandIn : .inPlace
    }

    /// Writes the next state under an id of its own, leads the addresses there, and back when the service's own entries,
    /// which nobody reads meanwhile, have followed. So value, endpoints and ports change for each address at once.
    private mutating func changeBehindStandIn(
        _ id: ResourceID, to next: NextService, _ addresses: AddressChange, into writes: inout [MapWrite]
    ) {
        guard let record = services[id] else { return }
        let name = "\(record.service.name)#next"
        let standIn = names.id(for: name)
        let slots = record.table.slots(after: next.changes)
        var copy = ServiceTable(id: standIn)
        replaceExtraPorts(of: standIn, [:], with: next.extraPorts, into: &writes)
        copy.rewrite(to: next.value, slots, into: &writes)

        standIns[id] = standIn
        if !addresses.turned.isEmpty {
            // Those who turn to an address must meet the new state there, and have left where it is still the old one.
            for address in addresses.turned { lead(address, to: id, addresses, into: &writes) }
            refreshUsers(of: id, into: &writes)
            writes.append(.barrier)
        }
        let all = record.service.addresses.map(\.address)
        for address in all where !addresses.turned.contains(address) {
            lead(address, to: id, addresses, into: &writes)
        }
        disclaim(addresses.vanished, of: id, into: &writes)
        writes.append(.barrier)

        replaceExtraPorts(of: id, record.extraPorts, with: next.extraPorts, into: &writes)
        services[id]?.extraPorts = next.extraPorts
        services[id]?.table.rewrite(to: next.value, slots, into: &writes)
        endpointCount += copy.endpointCount - record.table.endpointCount
        standIns[id] = nil
        for address in all where owner(of: address) == id { putFrontend(address, id, into: &writes) }
        writes.append(.barrier)
        copy.withdraw(into: &writes)
        replaceExtraPorts(of: standIn, next.extraPorts, with: [:], into: &writes)
        names.release(name)
    }

    /// Leads an address to what stands in for the service, if the service owns it.
    private mutating func lead(
        _ address: IPAddress, to id: ResourceID, _ addresses: AddressChange, into writes: inout [MapWrite]
    ) {
        let wasOwner = owner(of: address) == id
        if addresses.claimed.contains(address) { claim(address, service: id, into: &writes) }
        if wasOwner, owner(of: address) == id { putFrontend(address, id, into: &writes) }
    }

    /// Whether the maps can hold the service twice. Where they cannot, lookups may meet a mixture of both states.
    private func hasRoomForStandIn(of record: ServiceRecord, _ changes: EndpointChanges) -> Bool {
        // The service's own slots and those of its stand-in, each at most this many.
        let most = record.table.endpointCount + changes.additions.count
        return services.count < options.capacities.service
            && endpointCount - record.table.endpointCount + 2 * most <= options.capacities.endpoint
    }

    /// The addresses to which users of a waypoint turn when its service's addresses change.
    func turnedAddresses(of id: ResourceID, from old: [IPAddress], to new: [IPAddress]) -> [IPAddress] {
        guard let users = waypointUsers[id], !users.isEmpty else { return [] }
        let families: [AddressFamily?] = [.v4, .v6, nil]
        let turned = families.compactMap { family in
            let address = waypointAddress(among: new, for: family)
            return address == waypointAddress(among: old, for: family) ? nil : address
        }
        return Set(turned).sorted()
    }
}
