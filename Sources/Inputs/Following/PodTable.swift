import Model

/// The pods of a cluster, by name and by number. Pods of one template share what they have in common, so that a hundred
/// thousand of them fit into a few megabytes.
struct PodTable: Sendable {
    /// What is kept of a pod.
    private struct Kept: TableEntry {
        var tableName: KubernetesName
        var node: String
        var addresses: [IPAddress]
        var hostAddresses: [IPAddress]
        var file: String
        var line: UInt32
        var column: UInt32
        /// The pod without all of these.
        var rest: Rest
    }

    /// A value that pods share: never changed.
    private final class Rest: Sendable {
        let pod: KubernetesPod
        init(_ pod: KubernetesPod) { self.pod = pod }
    }

    private var table = ObjectTable<Kept>()
    private var rests = RecentValues<Rest>(count: 1 << 13)
    private var hosts = RecentValues<[IPAddress]>(count: 1 << 12)
    private var strings = RecentValues<String>(count: 1 << 12)

    var isEmpty: Bool { table.isEmpty }

    /// All numbers that are in use, in order.
    var numbers: some Sequence<UInt32> { table.numbers }

    /// The pod with the number.
    subscript(number: UInt32) -> KubernetesPod? {
        guard let kept = table[number] else { return nil }
        var pod = kept.rest.pod
        pod.name = kept.tableName
        pod.spec.nodeName = kept.node
        pod.status?.addresses = kept.addresses
        pod.status?.hostAddresses = kept.hostAddresses
        pod.origin = ObjectOrigin(file: kept.file, position: Position(line: Int(kept.line), column: Int(kept.column)))
        return pod
    }

    /// The number of a name, nil when there is no such pod.
    func number(of name: KubernetesName) -> UInt32? { table.number(of: name) }

    /// Adds a pod, or replaces the one of its name.
    @discardableResult
    mutating func set(_ pod: KubernetesPod) -> UInt32 {
        var rest = pod
        rest.name = KubernetesName("", "")
        rest.spec.nodeName = ""
        rest.status?.addresses = []
        rest.status?.hostAddresses = []
        rest.origin = ObjectOrigin(file: "", position: Position(line: 0, column: 0))
        let shared = rests.share(Rest(rest), hash: rest.hashValue) { $0.pod == $1.pod }
        return table.set(
            Kept(
                tableName: KubernetesName(strings.share(pod.name.namespace), pod.name.name),
                node: strings.share(pod.spec.nodeName), addresses: pod.status?.addresses ?? [],
                hostAddresses: hosts.share(pod.status?.hostAddresses ?? []), file: pod.origin.file,
                line: UInt32(clamping: pod.origin.position.line), column: UInt32(clamping: pod.origin.position.column),
                rest: shared))
    }

    /// Takes the pod of that name out.
    mutating func remove(_ name: KubernetesName) { table.remove(name) }
}
