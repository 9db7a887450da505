import Inputs
import Model

/// A scenario file: a mesh, steps that happen in it, and what is expected of each.
///
/// Everything that the file alone can tell is checked when it is read. What needs the mesh (is there such a pod?) is
/// kept with its place, so that the runner can say where the mistake is.
public struct Scenario: Sendable {
    /// One option that differs from the preset's.
    public struct OptionSetting: Hashable, Sendable {
        /// An option's name, unchecked.
        public var name: Located<String>
        /// As written, unchecked.
        public var value: Located<String>
    }

    /// Whose pods the mesh takes care of when the scenario begins.
    public enum ManagedPods: Hashable, Sendable {
        /// Every pod that is not host-network.
        case all
        /// Pods that carry the label of Istio's ambient mode, or live in a namespace that does.
        case labelled
        case nobody
        /// Not empty, no name twice.
        case named([Located<String>])
    }

    /// The scenario file as it was named by whoever read it.
    public var file: String
    /// What the scenario shows; not empty.
    public var name: String
    /// Empty when the file has none.
    public var description: String
    /// Seeds every draw.
    public var seed: UInt64
    /// The options before `options` apply; a run may choose the other preset.
    public var preset: Preset
    /// In file order, no name twice.
    public var options: [OptionSetting]
    /// The node whose maps a map dump among the sources holds.
    public var node: Located<String>?
    /// In file order, no name and no address twice. The sources may add more.
    public var nodes: [Located<Node>]
    /// In the order in which they are read.
    public var mesh: [MeshSourceReference]
    /// Who is managed before the first step.
    public var managedPods: ManagedPods
    /// The address of backend 0.
    public var dnsProxy: IPAddress?
    /// Whether connections are reported.
    public var isMonitoring: Bool
    /// Whether long connections are reported every 5 seconds.
    public var hasPeriodicReports: Bool
    /// nil: no node encrypts.
    public var encryption: EncryptionSetup?
    /// Not empty.
    public var steps: [StepEntry]
}

extension Scenario {
    /// Reads a scenario file; `-` is standard input.
    /// - Throws: for what cannot be read, and for whatever in it makes no sense, with line and column.
    public init(reading path: String) throws(InputError) {
        var reader = try DocumentReader(path: path)
        let node = try reader.single()
        self = try ScenarioReader(file: path).scenario(from: node)
    }

    /// Reads a scenario from text; `file` names it in errors, and paths in it are relative to that name.
    public init(text: String, file: String) throws(InputError) {
        var reader = DocumentReader(text: text, file: file)
        let node = try reader.single()
        self = try ScenarioReader(file: file).scenario(from: node)
    }
}

extension Scenario {
    /// A path of the file as seen from where the file was opened: relative paths begin at the file's directory.
    public func resolved(path: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }
}
