import CSocketCalls
import GuestLayout
import Model

/// The namespaces of the guest, made once: nodes on a wire, with pods behind them.
struct Topology {
    private(set) var namespaces: [String: Namespace] = [:]

    subscript(node: GuestNode) -> Namespace { namespace(node.name) }
    subscript(pod: GuestPod) -> Namespace { namespace(pod.name) }

    private func namespace(_ name: String) -> Namespace {
        guard let namespace = namespaces[name] else { preconditionFailure("no namespace \(name)") }
        return namespace
    }

    /// Processes are slow to start here, so each namespace gets one list of commands.
    init() throws {
        let names = GuestNode.all.flatMap { [$0.name] + $0.pods.map(\.name) }
        try run("ip", "-batch", "-", input: names.map { "netns add \($0)\n" }.joined())
        for name in names { namespaces[name] = try Namespace(name) }
        for namespace in namespaces.values { try Self.settle(namespace) }
        try run("ip", "-batch", "-", input: Self.wireCommands)
        for node in GuestNode.all {
            try self[node].inside {
                try run("ip", "-batch", "-", input: Self.commands(of: node))
                try refuseOffloads([GuestNode.uplink] + node.pods.map(\.hostInterface))
            }
            for pod in node.pods {
                try self[pod].inside {
                    try run("ip", "-batch", "-", input: Self.commands(of: pod))
                    try refuseOffloads([GuestPod.interface])
                }
            }
        }
        try refuseOffloads(GuestNode.all.map(\.name))
    }

    /// Before there are interfaces: these get what is set for new ones.
    private static func settle(_ namespace: Namespace) throws {
        let settings = [
            ("ipv4/ip_forward", "1"), ("ipv6/conf/all/forwarding", "1"), ("ipv6/conf/default/forwarding", "1"),
            ("ipv4/conf/all/rp_filter", "0"), ("ipv4/conf/default/rp_filter", "0"),
            ("ipv6/conf/default/accept_dad", "0"), ("ipv6/conf/default/addr_gen_mode", "1"),
            ("ipv4/ping_group_range", "0 0"), ("ipv4/conf/all/send_redirects", "0"),
            ("ipv4/conf/default/send_redirects", "0"), ("ipv4/icmp_ratelimit", "0"), ("ipv6/icmp/ratelimit", "0"),
        ]
        for (name, value) in settings { try namespace.set("net/\(name)", to: value) }
    }

    private static var wireCommands: String {
        var commands = ["link add wire type bridge", "link set wire up"]
        for node in GuestNode.all {
            let address = text(node.uplinkHardwareAddress)
            commands += [
                "link add \(node.name) type veth peer name \(GuestNode.uplink) address \(address) netns \(node.name)",
                "link set \(node.name) master wire up",
            ]
            for pod in node.pods {
                commands.append(
                    "link add \(pod.hostInterface) address \(text(pod.hardwareAddress(end: 2))) netns \(node.name) "
                        + "type veth peer name \(GuestPod.interface) address \(text(pod.hardwareAddress(end: 1))) "
                        + "netns \(pod.name)")
            }
        }
        return commands.joined(separator: "\n") + "\n"
    }

    private static func commands(of node: GuestNode) -> String {
        var commands = ["link set lo up", "link set \(GuestNode.uplink) up"]
        commands += [
            "addr add \(node.address(.v4))/24 dev \(GuestNode.uplink)",
            "addr add \(node.address(.v6))/64 dev \(GuestNode.uplink) nodad",
        ]
        for other in GuestNode.all where other != node {
            for family in AddressFamily.both {
                commands += [
                    "neigh add \(other.address(family)) dev \(GuestNode.uplink) "
                        + "lladdr \(text(other.uplinkHardwareAddress)) nud permanent",
                    "route add \(other.prefix(family)) via \(other.address(family))",
                ]
            }
        }
        for pod in node.pods {
            commands.append("link set \(pod.hostInterface) up")
            for family in AddressFamily.both {
                let length = family == .v4 ? "32" : "128 nodad"
                commands += [
                    "addr add \(node.gateway(family))/\(length) dev \(pod.hostInterface)",
                    "route add \(pod.address(family)) dev \(pod.hostInterface)",
                    "neigh add \(pod.address(family)) dev \(pod.hostInterface) "
                        + "lladdr \(text(pod.hardwareAddress(end: 1))) nud permanent",
                ]
            }
        }
        return commands.joined(separator: "\n") + "\n"
    }

    private static func commands(of pod: GuestPod) -> String {
        let interface = GuestPod.interface
        var commands = ["link set lo up", "link set \(interface) up"]
        for family in AddressFamily.both {
            let gateway = pod.node.gateway(family)
            commands += [
                "addr add \(pod.address(family))/\(family == .v4 ? "32" : "128 nodad") dev \(interface)",
                "route add \(gateway) dev \(interface)",
                "route add default via \(gateway) dev \(interface)",
                "neigh add \(gateway) dev \(interface) lladdr \(text(pod.hardwareAddress(end: 2))) nud permanent",
            ]
        }
        return commands.joined(separator: "\n") + "\n"
    }

    private static func text(_ hardwareAddress: [UInt8]) -> String {
        hardwareAddress.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}

private func refuseOffloads(_ interfaces: [String]) throws(Failure) {
    for interface in interfaces {
        // The name ends with a zero, which Swift provides.
        try checked(unsafe sc_refuse_offloads(interface), "offloads of \(interface)")
    }
}
