public import Inputs
public import Model
public import Scenario

/// A mesh of which it is asked, with names, who may connect to whom.
public struct AuthorizationSubject: Sendable {
    /// Names the option of the source in errors.
    public static let sourceOption = "--from"
    /// Names the option of the destination in errors.
    public static let targetOption = "--to"

    /// What the name of a source comes to.
    public struct Source: Sendable {
        /// As it was asked for.
        public var text: String
        public var addresses: [IPAddress]
        /// What is worth knowing about the addresses.
        public var notes: [String] = []
    }

    /// What the name of a destination comes to. The endpoints of a service may differ in their ports.
    public struct Target: Sendable {
        /// As it was asked for.
        public var text: String
        public var destinations: [AuthorizationMatrix.Destination]
        public var notes: [String] = []
    }

    public let mesh: Mesh
    let owners: SourceOwners
    let selection: PolicySelection
    private let book: NameBook

    public init(_ mesh: Mesh) {
        self.mesh = mesh
        owners = SourceOwners(mesh.workloads.values)
        selection = PolicySelection(mesh.policies)
        book = NameBook(mesh)
    }

    /// The matrix of the whole mesh, or of what is named.
    public func matrix(from source: Source? = nil, to target: Target? = nil) -> AuthorizationMatrix {
        AuthorizationMatrix(mesh, .init(sources: source?.addresses, destinations: target?.destinations))
    }

    // MARK: Sources

    /// Where connections come from: an address, a pod, a workload by its uid, or all pods of one owner.
    public func source(_ text: String) throws(InputError) -> Source {
        if let address = IPAddress(text)?.unmapped {
            var place = Source(text: text, addresses: [address])
            if owners.workload(of: address) == nil {
                place.notes.append("no workload has \(address) for itself: the source has no identity")
            }
            return place
        }
        let workloads = try self.workloads(text, for: Self.sourceOption, isTarget: false)
        var place = Source(text: text, addresses: workloads.flatMap(\.addresses))
        place.notes = hostNotes(workloads) { name, address in
            "\(name) uses its node's network: its address \(address) is its node's, so it has no identity"
        }
        place.notes += sharingNotes(workloads)
        return place
    }

    // MARK: Destinations

    /// Where connections go to: an address, a pod, all pods of one owner, or the endpoints of a service, which is named
    /// or has the address. Authorization compares the pods' port, so that of a service is translated.
    public func target(_ pattern: TargetPattern) throws(InputError) -> Target {
        let service: Service?
        var workloads: [Workload] = []
        var addresses: [IPAddress] = []
        switch pattern.host {
        case .address(let address):
            service = mesh.sortedServices.first { $0.addresses.contains { $0.address == address.unmapped } }
            addresses = [address.unmapped]
        case .name(let name):
            service = try self.service(name)
            if service == nil {
                workloads = try self.workloads(name, for: Self.targetOption, isTarget: true)
                addresses = workloads.flatMap(\.addresses)
            }
        }
        if let service { return try endpoints(of: service, pattern) }
        return Target(
            text: "\(pattern)", destinations: addresses.map { .init($0, port: pattern.port) },
            notes: sharingNotes(workloads) + unjudgedNotes(addresses))
    }

    private func service(_ name: String) throws(InputError) -> Service? {
        let found = book.services(name, from: "")
        guard found.count <= 1 else {
            throw InputError(
                Self.targetOption, nil,
                "\"\(name)\" is the name of several services: " + found.map(\.description).joined(separator: ", "))
        }
        return found.first.flatMap { mesh.services[$0] }
    }

    private func endpoints(of service: Service, _ pattern: TargetPattern) throws(InputError) -> Target {
        let workloads = book.endpoints(of: service.name).compactMap { mesh.workloads[$0] }
            .filter { !$0.addresses.isEmpty }
        guard !workloads.isEmpty else {
            throw InputError(Self.targetOption, nil, "service \(service.name) has no workloads with addresses")
        }
        var target = Target(text: "\(pattern)", destinations: [])
        if service.waypoint != nil {
            target.notes.append(
                "service \(service.name) has a waypoint, where its clients' connections go first; the answer is about "
                    + "connections to its workloads")
        }
        if let asked = pattern.port {
            let port = try self.port(asked, of: service)
            let byPort = Dictionary(grouping: workloads) { Self.target(of: port, service, at: $0) }
            for (number, workloads) in byPort.sorted(by: { $0.key < $1.key }) {
                target.notes.append(
                    "port \(asked) of service \(service.name) is port \(number) at "
                        + Self.listed(workloads.map(Self.name)))
                target.destinations += workloads.flatMap(\.addresses).map { .init($0, port: number) }
            }
        } else {
            target.destinations = workloads.flatMap(\.addresses).map { .init($0) }
        }
        target.notes += sharingNotes(workloads) + unjudgedNotes(workloads.flatMap(\.addresses))
        return target
    }

    private func port(_ asked: UInt16, of service: Service) throws(InputError) -> ServicePort {
        if let port = service.ports.first(where: { $0.servicePort == asked }) { return port }
        let known = service.ports.map { "\($0.servicePort)" }.joined(separator: ", ")
        throw InputError(
            Self.targetOption, nil,
            "service \(service.name) has no port \(asked); \(known.isEmpty ? "it has none" : "it has \(known)")")
    }

    /// The port that a workload listens on for a service's port: the service's number, else the workload's own.
    private static func target(of port: ServicePort, _ service: Service, at workload: Workload) -> UInt16 {
        guard port.targetPort == 0 else { return port.targetPort }
        let own = workload.services[service.name]?
            .first { $0.servicePort == port.servicePort && $0.targetPort != 0 }
        return own?.targetPort ?? port.servicePort
    }

    // MARK: Workloads

    /// The workloads of a name, of one owner, that have addresses.
    private func workloads(
        _ name: String, for option: String, isTarget: Bool
    ) throws(InputError) -> [Workload] {
        let found = book.workloads(name).compactMap { mesh.workloads[$0] }
        guard !found.isEmpty else {
            let known = isTarget ? book.allNames : book.workloadNames
            let hint = nearestName(to: name, in: known).map { "; did you mean \($0)?" } ?? ""
            throw InputError(
                option, nil, "there is no \(isTarget ? "service or workload" : "workload") named \"\(name)\"\(hint)")
        }
        let owners = Set(found.map { "\($0.namespace)/\($0.ownerName)" })
        guard owners.count == 1 else {
            throw InputError(
                option, nil,
                "\"\(name)\" names workloads of several owners: \(owners.sorted().joined(separator: ", "))")
        }
        let reachable = found.filter { !$0.addresses.isEmpty }
        guard !reachable.isEmpty else { throw InputError(option, nil, "\"\(name)\" has no address") }
        return reachable
    }

    private func hostNotes(_ workloads: [Workload], _ text: (String, IPAddress) -> String) -> [String] {
        workloads.filter { $0.networkMode == .hostNetwork }.flatMap { workload in
            workload.addresses.map { text(Self.name(workload), $0) }
        }
    }

    /// About workloads whose address is another's too.
    private func sharingNotes(_ workloads: [Workload]) -> [String] {
        workloads.filter { $0.networkMode == .standard }.flatMap { workload in
            workload.addresses.compactMap { address in
                guard let owner = owners.workload(of: address), owner.uid != workload.uid else { return nil }
                return "\(Self.name(workload)) shares its address \(address) with \(Self.name(owner)), the first by "
                    + "uid, and counts as that"
            }
        }
    }

    /// About addresses where no policy is asked.
    private func unjudgedNotes(_ addresses: [IPAddress]) -> [String] {
        addresses.filter { owners.workload(of: $0) == nil }.map { address in
            let hosts = mesh.sortedWorkloads.filter { $0.addresses.contains(address) }
            return hosts.isEmpty
                ? "no workload has \(address): nothing is judged there"
                : "\(Self.listed(hosts.map(Self.name))): the address \(address) is the node's, where nothing is judged"
        }
    }

    private static func name(_ workload: Workload) -> String { "\(workload.namespace)/\(workload.name)" }

    private static func listed(_ names: [String]) -> String {
        let few = names.prefix(3).joined(separator: ", ")
        return names.count > 3 ? "\(few) and \(names.count - 3) more" : few
    }
}
