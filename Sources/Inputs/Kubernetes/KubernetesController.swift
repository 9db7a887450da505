import Model

/// What makes pods: a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job.
struct KubernetesController: Hashable, Sendable {
    /// How many pods there should be.
    enum Count: Hashable, Sendable {
        /// At most `podLimit`.
        case fixed(Int)
        /// A DaemonSet: one on each node.
        case perNode
    }

    /// More pods than this are refused, so that a mistyped number does not fill the memory.
    static let podLimit = 100_000

    var key: ObjectKey
    /// Its own metadata; the pods have theirs.
    var metadata: KubernetesMetadata
    var count: Count
    /// Which pods without an owner are its own.
    var selector: LabelSelector
    /// The metadata of its pods.
    var podMetadata: KubernetesMetadata
    /// The spec of its pods.
    var podSpec: KubernetesPodSpec
    var origin: ObjectOrigin

    /// When the pods were last told to restart, in whatever form; nil when never.
    var restartedAt: String? { podMetadata.annotations[KubernetesAnnotation.restartedAt] }

    /// Says that the pods of a controller without any pod object are not in the mesh; nil where there should be none.
    var leftOutNote: InputNote? {
        guard count != .fixed(0) else { return nil }
        return origin.note("the pods of \(key.kind.rawValue) \(key.name) are left out: no object says their addresses")
    }

    /// Reads a controller of the kind.
    init(_ object: KubernetesObject, kind: KubernetesKind) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "a \(kind.rawValue)")
        key = ObjectKey(kind: kind, name: object.objectName)
        origin = object.origin
        metadata = try KubernetesMetadata(of: &fields)
        podMetadata = KubernetesMetadata()
        podSpec = KubernetesPodSpec()
        selector = LabelSelector(labels: [:])
        guard var spec = try fields.mapping("spec") else {
            throw InputError(object.file, object.document.position, "\"spec\" is missing here")
        }
        if var template = try spec.mapping("template") {
            podMetadata = try KubernetesMetadata(of: &template)
            podSpec = try KubernetesPodSpec(of: &template)
        }
        switch kind {
        case .job:
            count = try Self.jobCount(&spec, of: &fields)
            selector = LabelSelector(labels: ["job-name": object.name])
        case .daemonSet: count = .perNode
        default: count = .fixed(try spec.integer("replicas", in: 0...Self.podLimit) ?? 1)
        }
        if var written = try spec.mapping("selector") {
            selector = try LabelSelector(&written)
        } else if kind != .job {
            selector = LabelSelector(labels: podMetadata.labels)
        }
    }

    /// The pods of a job that run at once; none of a job that is suspended or over.
    private static func jobCount(_ spec: inout Fields, of job: inout Fields) throws(InputError) -> Count {
        let parallelism = try spec.integer("parallelism", in: 0...podLimit) ?? 1
        let completions = try spec.integer("completions", in: 0...podLimit) ?? parallelism
        if try spec.boolean("suspend") ?? false { return .fixed(0) }
        if var status = try job.mapping("status") {
            for var condition in try status.mappings("conditions") {
                let type = try condition.string("type")
                let isTrue = try condition.string("status") == "True"
                if isTrue, type == "Complete" || type == "Failed" { return .fixed(0) }
            }
        }
        return .fixed(min(parallelism, completions))
    }
}
