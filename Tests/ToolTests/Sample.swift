import TestSupport

/// The sample capture and what goes with it, as on a command line in the package's directory.
enum Sample {
    static let capture = "scenarios/captures/books.pcap"
    static let nodes = ["--nodes", "scenarios/books.yaml"]
    static let mesh = ["--mesh", "scenarios/mesh/books.yaml"] + nodes
    /// With policies, and everything between nodes encrypted.
    static let encrypted =
        ["--mesh", "scenarios/mesh/books.yaml"]
        + ["nodeinfos", "policies"].map { "scenarios/captures/\($0).yaml" } + nodes
        + ["--keys", "scenarios/captures/test-key.json"]

    /// Replays the sample in the shop that has no rules of encryption and no policies.
    static func replay(_ more: String...) throws -> Finished { try kmeshSim(["replay", capture] + mesh + more) }

    /// Replays the sample in the shop with all of that.
    static func replayEncrypted(_ more: String...) throws -> Finished {
        try kmeshSim(["replay", capture] + encrypted + more)
    }

    static func packet(_ landmark: SampleCapture.Landmark) -> String { "\(SampleCapture().landmarks[landmark] ?? 0)" }
}
