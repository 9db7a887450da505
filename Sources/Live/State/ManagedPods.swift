/// The managed pods by network namespace, kept in one small file of the state directory.
public struct ManagedPods: Hashable, Sendable {
    /// The file's name in the state directory.
    public static let fileName = "managed-pods"
    /// The file's first line.
    static let header = "managed pods 1"

    private var byCookie: [UInt64: ManagedPod] = [:]

    /// None.
    public init() {}

    /// Ordered by namespace, name and cookie.
    public var sorted: [ManagedPod] {
        byCookie.values.sorted {
            ($0.namespace, $0.name, $0.netnsCookie) < ($1.namespace, $1.name, $1.netnsCookie)
        }
    }

    public var count: Int { byCookie.count }

    /// The pod of a network namespace, nil when that is not managed.
    public subscript(cookie: UInt64) -> ManagedPod? { byCookie[cookie] }

    /// The pods of a name: none, one, or several while an old namespace waits to be released.
    public func pods(named name: String, namespace: String) -> [ManagedPod] {
        sorted.filter { $0.name == name && $0.namespace == namespace }
    }

    /// Adds a pod, in place of another one with the same network namespace.
    public mutating func manage(_ pod: ManagedPod) { byCookie[pod.netnsCookie] = pod }

    /// Takes a network namespace's pod out.
    /// - Returns: the pod, nil when there was none.
    public mutating func release(cookie: UInt64) -> ManagedPod? { byCookie.removeValue(forKey: cookie) }
}

extension ManagedPods {
    /// Reads what `save` wrote; a directory without the file has none.
    /// - Throws: `.damaged` with file and line for anything else.
    public init(in directory: borrowing StateDirectory) throws(StateError) {
        guard let bytes = try directory.contents(of: Self.fileName) else {
            self.init()
            return
        }
        let file = directory.path(of: Self.fileName)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .damaged(file: file, line: 1, "is not UTF-8 text")
        }
        try self.init(text: text, file: file)
    }

    /// Reads the file's text.
    init(text: String, file: String) throws(StateError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first.map(String.init) == Self.header else {
            throw .damaged(file: file, line: 1, "must be \"\(Self.header)\"")
        }
        guard lines.last == "" else {
            throw .damaged(file: file, line: lines.count, "the file ends within a line")
        }
        for (index, line) in lines.enumerated().dropFirst().dropLast() {
            do throws(ManagedPodLineError) {
                let pod = try ManagedPod(line: String(line))
                guard byCookie.updateValue(pod, forKey: pod.netnsCookie) == nil else {
                    throw ManagedPodLineError("cookie \(pod.netnsCookie) appears twice")
                }
            } catch {
                throw .damaged(file: file, line: index + 1, error.message)
            }
        }
    }

    /// Makes the file hold these pods, or leaves it as it is and throws.
    public func save(in directory: borrowing StateDirectory) throws(StateError) {
        let lines = [Self.header] + sorted.map(\.line)
        try directory.replace(Self.fileName, with: Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}
