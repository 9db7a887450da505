extension SoundnessCheck {
    /// The ports of services. Only of those that connects can reach: others are looked up by nobody.
    mutating func checkPorts() {
        for number in index.services.indices where anyPreset({ index.isBalanced(number, $0) }) {
            let service = index.services[number]
            if service.ports.isEmpty { reportNoPort(number) }
            checkListedPorts(number)
            if !service.isNamedWaypoint, service.ports.contains(where: { $0.targetPort == 0 }) {
                checkNamedPorts(number)
            }
        }
    }

    private mutating func reportNoPort(_ number: Int) {
        let count = index.services[number].addresses.count
        report(
            .noPort, .warning, index.subject(service: number), "has \(counted(count, "virtual IP")) and no port"
        ) { [index] options in
            if !index.isBalanced(number, options) { return .contained("Its waypoint takes the connects.") }
            return options.unlistedPort == .leave
                ? .bypass("No port is listed: connects go to the virtual IP as if there were no mesh.")
                : .contained("No port is listed: connects are refused.")
        }
    }

    private mutating func checkListedPorts(_ number: Int) {
        let ports = index.services[number].ports
        let subject = index.subject(service: number)
        if ports.contains(where: { $0.servicePort == 0 }) {
            report(.zeroPort, .note, subject, "lists port 0") { _ in
                .contained("It takes one of the ten places, and nothing connects to it.")
            }
        }
        var first: [UInt16: ServicePort] = [:]
        var repeated: [UInt16: Bool] = [:]
        for port in ports {
            guard let earlier = first[port.servicePort] else {
                first[port.servicePort] = port
                continue
            }
            let differs = earlier.targetPort != port.targetPort || earlier.targetName != port.targetName
            repeated[port.servicePort] = differs || repeated[port.servicePort] ?? false
        }
        for (port, differs) in repeated {
            let repetitions = ports.filter { $0.servicePort == port }
            let targets = repetitions.map(Self.targetText).joined(separator: ", ")
            let isListed = ports.prefix(10).contains { $0.servicePort == port }
            report(
                .duplicatePort, differs && !index.services[number].isNamedWaypoint ? .warning : .note, subject,
                "lists port \(port) \(repetitions.count) times, with the targets \(targets)"
            ) { [index] options in
                guard isListed || options.extras == .keep else {
                    return .contained("It is beyond the tenth: none of them counts.")
                }
                let target = Self.target(of: repetitions[0], index.services[number], options)
                return .contained("The first counts: connects to \(port) go to \(target).")
            }
        }
    }

    /// Where connects to a port go, in words.
    private static func target(of port: ServicePort, _ service: Service, _ options: DataplaneOptions) -> String {
        if service.isNamedWaypoint { return "port \(Gateway.kmeshPort)" }
        if port.targetPort != 0 { return "port \(port.targetPort)" }
        return options.namedPort == .servicePort
            ? "port \(port.servicePort)" : "the port that the endpoints give, else \(port.servicePort)"
    }

    private static func targetText(_ port: ServicePort) -> String {
        if port.targetPort != 0 { return "\(port.targetPort)" }
        return port.targetName.isEmpty ? "\(port.servicePort)" : port.targetName
    }

    /// Ports whose target the service does not say. The first of each number, since it counts.
    private mutating func checkNamedPorts(_ number: Int) {
        var targets: [UInt16: [UInt16: Int]] = [:]
        let name = index.services[number].name
        for member in index.members[number] where index.workloadWithholding[member] == nil {
            for port in index.workloads[member].services[name] ?? [] where port.targetPort != 0 {
                targets[port.servicePort, default: [:]][port.targetPort, default: 0] += 1
            }
        }
        var seen: Set<UInt16> = []
        for port in index.services[number].ports where seen.insert(port.servicePort).inserted && port.targetPort == 0 {
            checkNamedPort(port, of: number, targets[port.servicePort] ?? [:])
        }
    }

    private mutating func checkNamedPort(_ port: ServicePort, of number: Int, _ targets: [UInt16: Int]) {
        let subject = index.subject(service: number)
        let name = port.targetName.isEmpty ? "without a number" : "named \(port.targetName)"
        let start = "port \(port.servicePort) has a target port \(name)"
        let usesServicePort = Consequence.contained("Connects go to port \(port.servicePort) of every endpoint.")
        guard let target = targets.keys.min() else {
            guard !port.targetName.isEmpty, !index.members[number].isEmpty else { return }
            report(
                .unresolvedPort, .warning, subject,
                "\(start), and no workload says its number"
            ) { _ in usesServicePort }
            return
        }
        if targets.count > 1 {
            let numbers = targets.keys.sorted().map { "\($0) on \(targets[$0] ?? 0)" }
            report(
                .ambiguousPort, .error, subject,
                "\(start), which differs between the workloads: \(numbers.joined(separator: ", "))"
            ) { options in
                options.namedPort == .fromEndpoints
                    ? .contained("The number of the workload with the lowest id is used for all.") : usesServicePort
            }
        } else if target != port.servicePort, anyPreset({ $0.namedPort == .servicePort }) {
            report(
                .namedPort, .warning, subject, "\(start), which is \(target) on the workloads"
            ) { options in
                options.namedPort == .fromEndpoints
                    ? .contained("Connects go to port \(target) of every endpoint.") : usesServicePort
            }
        }
    }
}
