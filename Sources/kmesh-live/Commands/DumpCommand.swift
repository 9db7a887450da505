import CommandLineTool
import Inputs
import Live
import Model

/// `kmesh-live dump`
struct DumpCommand: ToolCommand {
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

    func run(on console: inout Console) throws -> ExitCode {
        let pinned = try PinnedMaps(PinDirectory(pinDirectory))
        let (maps, fills) = try pinned.snapshot()
        let table: NameTable
        if let names {
            var adopted = NameTable()
            for (id, name) in try MapDump.names(inFile: names) { _ = adopted.apply(.given(id, name)) }
            table = adopted
        } else {
            table = try StateView(stateDirectory).names()
        }
        let dump = MapDump(of: maps, names: table)
        try Output.makeDirectory(directory)
        var written: [String] = []
        for fill in fills {
            try Output.writeFile("\(directory)/\(fill.name.fileName)", dump.bpftoolText(of: fill.name))
            written.append(fill.name.fileName)
        }
        if !dump.names.isEmpty {
            try Output.writeFile("\(directory)/\(MapDump.namesFileName)", dump.namesText)
            written.append(MapDump.namesFileName)
        }
        if isJSON {
            try console.write(["written": .array(written.map { .string("\(directory)/\($0)") })] as JSONValue)
        } else {
            for name in written { try console.write("\(directory)/\(name)\n") }
        }
        return .ok
    }
}
