/// Destinations, and the lists of policies that apply at them.
struct DestinationScopes {
    /// Lists of policies ordered by name, each once.
    private(set) var policyLists: [[Policy]] = []
    private var targets: [Target] = []

    /// One address.
    private struct Target {
        let address: IPAddress
        /// The only port that is asked about.
        let port: UInt16?
        let kind: DestinationClass.Kind
        /// The owner; of a host's address those that share it.
        let workloads: [Workload]
        let policyList: Int
    }

    private struct Key: Hashable {
        let kind: DestinationClass.Kind
        let policyList: Int
        let port: UInt16?
        /// Of the list's conditions on destination addresses, which hold.
        let signature: [Bool]
    }

    init(_ mesh: Mesh, _ owners: SourceOwners, _ selection: AuthorizationMatrix.Selection) {
        var hosts: [IPAddress: [Workload]] = [:]
        for workload in mesh.sortedWorkloads where workload.networkMode == .hostNetwork {
            for address in Set(workload.addresses) where owners.workload(of: address) == nil {
                hosts[address, default: []].append(workload)
            }
        }
        let policies = PolicySelection(mesh.policies)
        var numbers: [[String]: Int] = [:]
        var numbersByListing: [[String]: Int] = [:]
        func policyList(of workload: Workload?) -> Int {
            // What decides which policies apply.
            let listing = workload.map { [$0.namespace] + $0.policies } ?? []
            if let number = numbersByListing[listing] { return number }
            let applied = workload.map { policies.policies(for: $0) } ?? []
            let names = applied.map(\.resourceName)
            let number = numbers[names] ?? policyLists.count
            if number == policyLists.count { policyLists.append(applied) }
            numbers[names] = number
            numbersByListing[listing] = number
            return number
        }
        let all = selection.destinations ?? (owners.addresses + hosts.keys).map { .init($0) }
        for destination in Set(all).sorted(by: { ($0.address, $0.port ?? 0) < ($1.address, $1.port ?? 0) }) {
            let address = destination.address
            if let workload = owners.workload(of: address) {
                targets.append(
                    Target(
                        address: address, port: destination.port, kind: .workloads, workloads: [workload],
                        policyList: policyList(of: workload)))
            } else {
                let sharing = hosts[address] ?? []
                targets.append(
                    Target(
                        address: address, port: destination.port, kind: sharing.isEmpty ? .strangers : .hosts,
                        workloads: sharing,
                        policyList: policyList(of: nil)))
            }
        }
    }

    /// The destinations by what policies ask of them.
    func classes(by conditions: ConditionTable) -> [DestinationClass] {
        let matches = policyLists.map { policies in policies.flatMap { conditions[$0.resourceName].matches } }
        let blocks = matches.map { Array(Set($0.map(\.blocks).filter { !$0.isEmpty })) }
        let ports = matches.map { Self.portClasses(of: $0) }
        var grouped: [Key: [Target]] = [:]
        for target in targets {
            let signature = blocks[target.policyList].map { $0.hold { $0.contains(target.address) } }
            let key = Key(
                kind: target.kind, policyList: target.policyList, port: target.port, signature: signature)
            grouped[key, default: []].append(target)
        }
        let classes = grouped.map { key, targets in
            DestinationClass(
                kind: key.kind,
                members: ClassMember.members(
                    targets.flatMap { target in target.workloads.map { ($0, target.address) } }),
                policies: policyLists[key.policyList].map(\.resourceName),
                ports: key.port.map { [PortClass(ports: [$0], isOthers: false, representative: $0)] }
                    ?? ports[key.policyList],
                representatives: AddressFamily.allCases.compactMap { family in
                    targets.first { $0.address.family == family }?.address
                },
                policyList: key.policyList)
        }
        return classes.sorted { Self.precedes($0, $1) }
    }

    private static func precedes(_ a: DestinationClass, _ b: DestinationClass) -> Bool {
        func rank(_ kind: DestinationClass.Kind) -> Int {
            switch kind {
            case .workloads: 0
            case .hosts: 1
            case .strangers: 2
            }
        }
        func order(_ one: DestinationClass) -> (Int, String, IPAddress, UInt16) {
            let uid = one.members.first?.workload.uid.text ?? ""
            return (rank(one.kind), uid, one.representative, one.ports[0].representative)
        }
        // Of one workload's addresses in several classes the first ones or the ports differ.
        return order(a) < order(b)
    }

    /// Ports that no condition tells apart, those that are named in order of the first of each class, then all others.
    private static func portClasses(of matches: [ConditionTable.Match]) -> [PortClass] {
        let conditions = Set(matches.map(\.ports).filter { !$0.isEmpty })
        let named = Set(conditions.flatMap { $0.any + $0.none }).sorted()
        var numbers: [[Bool]: Int] = [:]
        var classes: [[UInt16]] = []
        let listed = Array(conditions)
        for port in named {
            let signature = listed.map { $0.hold { $0 == port } }
            let number = numbers[signature] ?? classes.count
            if number == classes.count { classes.append([]) }
            numbers[signature] = number
            classes[number].append(port)
        }
        let result = classes.map { PortClass(ports: $0, isOthers: false, representative: $0[0]) }
        guard let other = (0...UInt16.max).first(where: { !Self.contains(named, $0) }) else { return result }
        return result + [PortClass(ports: [], isOthers: true, representative: other)]
    }

    /// Whether a sorted list has a port. The first that is missing is soon found: the list is short or nearly full.
    private static func contains(_ sorted: [UInt16], _ port: UInt16) -> Bool {
        Int(port) < sorted.count && sorted[Int(port)] == port
    }
}
