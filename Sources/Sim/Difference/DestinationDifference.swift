import KernelABI
import Model

/// Which connections go other ways in a second mesh: for each class of clients and each address with the ports that a
/// service lists there, and one port that stands for all others.
struct DestinationDifference {
    private let before: DifferenceSide
    private let after: DifferenceSide
    private let options: DataplaneOptions
    private let classes: ClientClasses

    /// One address, from one class of clients.
    fileprivate struct Item: Hashable {
        var socket: DestinationChange.Socket
        var before: Ways
        var after: Ways
        var causes: [DestinationCause]
    }

    /// Everything that tells one line of the result from another, but for the addresses.
    private struct Line: Hashable {
        var item: Item
        var ports: PortSet
        var classes: [Int]
    }

    init(_ before: DifferenceSide, _ after: DifferenceSide, options: DataplaneOptions, only node: String?) {
        self.before = before
        self.after = after
        self.options = options
        classes = ClientClasses(before, after, options: options, only: node)
    }

    /// Every change, ordered by what is connected to; equal ones are one.
    func changes() -> [DestinationChange] {
        // By address: what changes, for which ports, and from which classes.
        var found: [IPAddress: [(item: Item, ports: PortSet, classes: [Int])]] = [:]
        var owners: [IPAddress: DestinationCause.Object] = [:]
        var views = Views(before, after, options)
        for index in classes.classes.indices {
            var (old, new) = views.pair(of: classes.classes[index])
            for address in addresses(old, new) {
                let items = compare(address, &old, &new)
                guard !items.isEmpty else { continue }
                let name = new.owner(of: address) ?? old.owner(of: address)
                let object = name.map { DestinationCause.Object(named: $0, in: [before.mesh, after.mesh]) }
                let owner = owners[address] ?? object ?? .address(address)
                owners[address] = owner
                for (item, ports) in items {
                    let item = item.relative(to: owner)
                    let place = found[address]?.firstIndex { $0.item == item && $0.ports == ports }
                    if let place {
                        found[address]?[place].classes.append(index)
                    } else {
                        found[address, default: []].append((item, ports, [index]))
                    }
                }
            }
        }
        return lines(found, owners)
    }

    /// Lines that are the same for several addresses, as one.
    private func lines(
        _ found: [IPAddress: [(item: Item, ports: PortSet, classes: [Int])]],
        _ owners: [IPAddress: DestinationCause.Object]
    ) -> [DestinationChange] {
        var order: [Line] = []
        var subjects: [Line: [DestinationCause.Object: [IPAddress]]] = [:]
        let addresses = found.keys.sorted { (owners[$0] ?? .address($0), $0) < (owners[$1] ?? .address($1), $1) }
        for address in addresses {
            for entry in found[address] ?? [] {
                let line = Line(item: entry.item, ports: entry.ports, classes: entry.classes)
                if subjects[line] == nil { order.append(line) }
                subjects[line, default: [:]][owners[address] ?? .address(address), default: []].append(address)
            }
        }
        return order.map { line in
            let subjects = (subjects[line] ?? [:]).sorted { $0.key < $1.key }
            return DestinationChange(
                subjects: subjects.map { DestinationChange.Subject(owner: $0.key, addresses: $0.value) },
                ports: line.ports, socket: line.item.socket, clients: classes.clients(line.classes),
                before: line.item.before, after: line.item.after, causes: line.item.causes)
        }
    }

    // MARK: Asking

    /// The addresses that clients can name, in order: those of services of either mesh, and of workloads of both. Recorded
    /// maps name their addresses themselves.
    private func addresses(_ old: ClientView, _ new: ClientView) -> [IPAddress] {
        var addresses: Set<IPAddress> = []
        for mesh in [before.mesh, after.mesh] {
            for service in mesh.services.values { addresses.formUnion(service.addresses.map(\.address)) }
        }
        for (uid, workload) in before.mesh.workloads {
            guard let later = after.mesh.workloads[uid] else { continue }
            addresses.formUnion(workload.addresses)
            addresses.formUnion(later.addresses)
        }
        for (side, view) in [(before, old), (after, new)] where side.recorded[view.nodeName] != nil {
            addresses.formUnion(view.frontends.filter { isNamedByMaps($0, old, new) })
        }
        return Set(addresses.map(\.unmapped)).sorted()
    }

    /// Whether an address of recorded maps leads to something that neither mesh knows as a workload: those are told by
    /// themselves.
    private func isNamedByMaps(_ address: IPAddress, _ old: ClientView, _ new: ClientView) -> Bool {
        [old.owner(of: address), new.owner(of: address)].contains { name in
            name.map { before.mesh.workloads[WorkloadUID($0)] == nil && after.mesh.workloads[WorkloadUID($0)] == nil }
                ?? false
        }
    }

    /// What of an address changes, each with its ports.
    private func compare(
        _ address: IPAddress, _ old: inout ClientView, _ new: inout ClientView
    ) -> [(item: Item, ports: PortSet)] {
        var listed = Set((old.service(at: address)?.ports ?? []).map(\.port))
        listed.formUnion((new.service(at: address)?.ports ?? []).map(\.port))
        let dns = UInt16(KM_DNS_PORT)
        // IPv4 sockets do not get to a service there, but ask the DNS proxy.
        let isMappedToo = address.family == .v4 && listed.contains(dns)
        if address.family == .v4, old.hasProxy || new.hasProxy { listed.insert(dns) }
        let named = listed.filter { $0 != 0 }.sorted()
        let special: Set<UInt16> = [dns, UInt16(KM_CONTROL_MANAGE_PORT), UInt16(KM_CONTROL_RELEASE_PORT)]
        let other = (1...UInt16.max).first { !listed.contains($0) && !special.contains($0) }
        var order: [Item] = []
        var ports: [Item: [UInt16?]] = [:]
        for port in named.map(Optional.some) + (other == nil ? [] : [nil]) {
            let asked = SocketAddress(address, port: port ?? other ?? 0)
            guard let item = item(asked, .any, &old, &new) else { continue }
            if ports[item] == nil { order.append(item) }
            ports[item, default: []].append(port)
        }
        var items = order.map { (item: $0, ports: PortSet(ports[$0] ?? [], of: named)) }
        if isMappedToo, let item = item(SocketAddress(address.mapped, port: dns), .mapped, &old, &new) {
            items.append((item, .only([dns])))
        }
        return items
    }

    private func item(
        _ asked: SocketAddress, _ socket: DestinationChange.Socket, _ old: inout ClientView, _ new: inout ClientView
    ) -> Item? {
        let (from, to) = (old.ways(to: asked), new.ways(to: asked))
        guard from != to else { return nil }
        var finder = CauseFinder(old, new)
        let causes = finder.causes(of: asked.address, port: asked.port, ways: (from, to))
        return Item(socket: socket, before: from, after: to, causes: causes)
    }
}

extension DestinationDifference.Item {
    /// The same with causes that do not name the subject, so that it is equal to that of another subject.
    fileprivate func relative(to owner: DestinationCause.Object) -> Self {
        var item = self
        item.causes = causes.map { DestinationCause($0.object == owner ? nil : $0.object, $0.change) }
        return item
    }
}

/// The views of node classes, each made once.
private struct Views {
    private let sides: [DifferenceSide]
    private let changes: [[MeshChange]]
    private let owners: [SourceOwners]
    private let options: DataplaneOptions
    private var known: [[String: ClientView]] = [[:], [:]]

    init(_ before: DifferenceSide, _ after: DifferenceSide, _ options: DataplaneOptions) {
        sides = [before, after]
        changes = sides.map { Mesh().changes(to: $0.mesh) }
        owners = sides.map { SourceOwners($0.mesh.workloads.values) }
        self.options = options
    }

    mutating func pair(of clients: ClientClass) -> (ClientView, ClientView) {
        (view(0, clients.before), view(1, clients.after))
    }

    private mutating func view(_ index: Int, _ node: String) -> ClientView {
        if let view = known[index][node] { return view }
        let view = ClientView(
            sides[index], node: node, options: options, changes: changes[index], owners: owners[index])
        known[index][node] = view
        return view
    }
}
