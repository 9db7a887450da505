import CommandLineTool

/// `kmesh-live dump`
struct DumpCommand {
    /// Arguments and help.
    static let declaration = Command(
        "dump", summary: "Write the maps in force to a directory that kmesh-sim takes as a mesh.",
        discussion: """
            A file for each map, in the form of bpftool -j map dump, and names.json with the names of ids. The \
            directory is made if it is missing. Also reads maps that upstream Kmesh pinned.
            """,
        examples: [
            .init("kmesh-live dump snapshot", "Write the maps of this host."),
            .init(
                "kmesh-live dump snapshot && kmesh-sim connect --mesh snapshot --from web --to 10.96.0.20:80",
                "Ask the simulator what this host does."),
            .init(
                "kmesh-live dump --pin-dir /sys/fs/bpf/bpf_kmesh_workload/map --names /mnt/workload_hash_name.yaml "
                    + "snapshot",
                "Write the maps of a Kmesh daemon."),
        ],
        positionals: [.init("DIRECTORY", help: "Where to write.")],
        options: [
            .pinDirectory, .stateDirectory,
            .value(
                "names", "FILE",
                help: "Take names from this table of a Kmesh daemon, instead of the agent's own in the state directory."
            ),
            .output(["text", "json"]),
        ])

    let pinDirectory: String
    let stateDirectory: String
    /// A table of upstream's; nil for our own.
    let names: String?
    let directory: String
    /// Of the list of what was written.
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) {
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        names = invocation.value("names")
        directory = invocation.positionals[0]
        isJSON = invocation.value("output") == "json"
    }
}
