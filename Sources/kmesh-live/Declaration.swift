import CommandLineTool

extension Tool {
    /// The command tree.
    static let declaration = Command(
        "kmesh-live", summary: "Run the data plane of the Kmesh service mesh in the kernel of this host.",
        discussion: """
            The programs and maps are those that kmesh-sim simulates: what a scenario shows there, happens here to \
            real connections. Needs Linux 5.18 or later, cgroup v2, and CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN.
            """,
        examples: [.init("kmesh-live doctor", "Can the agent run on this host, and what is missing?")],
        subcommands: commands.map { $0.declaration } + [
            .completion(of: "kmesh-live"), .manual(of: "kmesh-live"),
        ])
}
