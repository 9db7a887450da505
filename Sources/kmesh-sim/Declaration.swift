import CommandLineTool

extension Tool {
    /// The command tree.
    static let declaration = Command(
        "kmesh-sim", summary: "Simulate the data plane of the Kmesh service mesh.",
        discussion: """
            Reads a description of a mesh, turns it into the maps that Kmesh's eBPF programs look into, and lets \
            programs connect, or replays the packets of a capture: where does each connection go, who allows it, what \
            is encrypted, and by which rule? No kernel and no cluster is needed.

            A mesh is read from Kubernetes manifests (what kubectl apply takes and kubectl get -o yaml prints), \
            ztunnel configurations, configuration dumps of a Kmesh daemon, or a directory of bpftool map dumps. What \
            a file is decides its content.

            Two presets tell how the data plane behaves: upstream is what a Kmesh node does today, hardened the same \
            design with its accidents removed. Equal inputs and seeds give equal output, byte for byte.
            """,
        examples: [
            .init(
                "kmesh-sim connect --mesh mesh.yaml --from productpage-v1 --to reviews:9080",
                "Where does a connection go, and why?"),
            .init("kmesh-sim run scenarios/*.yaml", "Run scenarios and check what they expect."),
            .init("kmesh-sim replay today.pcap --mesh mesh.yaml", "What would become of these packets?"),
            .init("kmesh-sim maps --mesh mesh.yaml --map km_service", "What do the programs look into?"),
            .init("kmesh-sim decrypt wire.pcap --states states", "Is everything between nodes encrypted?"),
            .init("kmesh-sim check --mesh mesh.yaml", "Look for configuration that does not do what it seems to."),
        ],
        subcommands: [
            RunCommand.declaration, ConnectCommand.declaration, MapsCommand.declaration,
            CheckCommand.declaration, AuthzCommand.declaration, DiffCommand.declaration,
            ReplayCommand.declaration, DecryptCommand.declaration, RotationCommand.declaration,
            ConformCommand.declaration,
            .completion(of: "kmesh-sim"), .manual(of: "kmesh-sim"),
        ])
}
