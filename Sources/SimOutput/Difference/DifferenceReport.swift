public import Inputs
public import Sim

/// What two meshes differ in, to be shown.
public struct DifferenceReport: Sendable {
    let difference: MeshDifference
    /// The paths of the sources.
    let before: [String]
    let after: [String]
    /// Preset and options: `preset hardened`.
    let behaviour: String
    /// What was left out of the sources of either.
    let notesBefore: [InputNote]
    let notesAfter: [InputNote]

    public init(
        _ difference: MeshDifference, before: [String], after: [String], behaviour: String,
        notes: (before: [InputNote], after: [InputNote]) = ([], [])
    ) {
        self.difference = difference
        self.before = before
        self.after = after
        self.behaviour = behaviour
        (notesBefore, notesAfter) = notes
    }

    /// Whether nothing changes.
    public var isEmpty: Bool { difference.isEmpty }

    /// What changes, in one line: `2 workloads added, 1 destination changes`.
    var headline: String {
        let counts = [
            difference.addedWorkloads.isEmpty ? nil : "\(counted(difference.addedWorkloads.count, "workload")) added",
            difference.removedWorkloads.isEmpty
                ? nil : "\(counted(difference.removedWorkloads.count, "workload")) removed",
            difference.destinations.isEmpty
                ? nil : "\(counted(difference.destinations.count, "change")) of destination",
            difference.verdicts.isEmpty ? nil : "\(counted(difference.verdicts.count, "change")) of verdict",
        ].compactMap(\.self)
        return counts.isEmpty ? "no connection changes" : counts.joined(separator: ", ")
    }
}
