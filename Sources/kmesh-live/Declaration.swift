import CommandLineTool

extension Tool {
    /// The command tree.
    static let declaration = Command(
        "kmesh-live", summary: "Run the data plane of the Kmesh service mesh in the kernel of this host.",
        discussion: """
            The programs and maps are those that kmesh-sim simulates: what a scenario shows there, happens here to \
            real connections. Needs Linux 5.18 or later, cgroup v2, and CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN.
            """,
        examples: [
            .init("kmesh-live doctor", "Can the agent run on this host, and what is missing?"),
            .init("kmesh-live agent --mesh /etc/kmesh/mesh --dry-run", "What would the agent write?"),
            .init("kmesh-live agent --mesh /etc/kmesh/mesh", "Put a mesh in force, and follow its files."),
            .init("kmesh-live manage --pid 4711 --pod shop/web", "Take a pod into the mesh."),
            .init("kmesh-live events --reasons noEndpoint,portNotListed", "Why are connections refused?"),
        ],
        subcommands: topLevel + [.completion(of: "kmesh-live"), .manual(of: "kmesh-live")])

    /// Commands and, in the place of their first one, groups of commands.
    private static var topLevel: [Command] {
        var names: Set<String> = []
        return commands.map { $0.group ?? $0.declaration }.filter { names.insert($0.name).inserted }
    }
}
