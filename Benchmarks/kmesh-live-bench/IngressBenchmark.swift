import BenchmarkSupport
import KernelTestSupport
import Live
import Model

/// What km_xdp_ingress costs a packet (BPF_PROG_TEST_RUN), policies compiled as the agent compiles them.
enum IngressBenchmark {
    private static let repeatCount: Int32 = 1_000_000

    private static let one = IPAddress.v4(0x0a01_0002)
    private static let many = IPAddress.v4(0x0a01_0003)
    private static let client = IPAddress.v4(0x0a02_0001)
    private static let nobody = IPAddress.v4(0x0a09_0009)
    private static let port: UInt16 = 7000

    /// One pod with a policy of one rule, another with 100 policies of 10 rules of which the last one's matches.
    private static var mesh: Mesh {
        var mesh = Mesh()
        func pod(_ name: String, _ namespace: String, _ address: IPAddress) {
            mesh.apply(
                .setWorkload(
                    Workload(
                        WorkloadUID(cluster: Workload.defaultCluster, podNamespace: namespace, pod: name), name: name,
                        namespace: namespace, addresses: [address], node: SampleMesh.node)))
        }
        pod("one", "one", one)
        pod("many", "many", many)
        pod("client", "client", client)
        let matching = Policy.Rule([
            Policy.Clause([PolicyMatch(namespaces: .init([.exact("client")]))]),
            Policy.Clause([PolicyMatch(destinationPorts: .init([port]))]),
        ])
        mesh.apply(
            .setPolicy(Policy(name: "p", namespace: "one", scope: .namespace, action: .allow, rules: [matching])))
        let sample = SamplePolicies(ruleCount: 10)
        for index in 0..<100 {
            var policy = sample.policy(index, in: "many", scope: .namespace)
            if index == 99 { policy.rules[9] = matching }
            mesh.apply(.setPolicy(policy))
        }
        return mesh
    }

    static func figures(rounds: Int) throws -> [Figure] {
        let pins = try TestPinDirectory()
        var options = DataplaneOptions.hardened
        options.capacities = .fitting(.needed(by: mesh))
        let dataplane = try Dataplane(ProgramSettings(options: options), pins: PinDirectory(pins.path))
        var compiler = AuthorizationCompiler(node: SampleMesh.node)
        for change in Mesh().changes(to: mesh) { compiler.apply(change) }
        _ = try dataplane.authorization.apply(compiler.takeWrites())
        func frame(_ destination: IPAddress, _ flags: TCPFlags) -> [UInt8] {
            let flow = PacketFlow(
                source: SocketAddress(client, port: 40_000), destination: SocketAddress(destination, port: port))
            return PacketBuilder(flow, flags: flags).frame
        }
        var arp = frame(one, .syn)
        (arp[12], arp[13]) = (0x08, 0x06)
        let rows: [(name: String, frame: [UInt8], target: Double?, passes: Bool)] = [
            ("ARP, which is not looked at", arp, nil, true),
            ("cached verdict", frame(one, .ack), 45, true),
            ("not a judged destination", frame(nobody, .ack), 40, true),
            ("not a judged destination, SYN", frame(nobody, .syn), 40, true),
            ("uncached, 1 policy", frame(one, .syn), 100, true),
            ("uncached, 100 policies × 10 rules", frame(many, .syn), 200, true),
        ]
        var times = [[Double]](repeating: [], count: rows.count)
        for _ in 0..<rounds {
            try Interruption.check()
            for (index, row) in rows.enumerated() {
                let trial = try dataplane.tryIngress(row.frame, repeatCount: repeatCount)
                guard trial.isPassed == row.passes else { throw BenchmarkError("\(row.name): another verdict") }
                times[index].append(Double(trial.nanoseconds))
            }
        }
        return zip(rows, times).map { row, times in
            Figure(name: "packet, \(row.name)", value: times.median, unit: "ns", target: row.target)
        }
    }
}
