import Glibc
import Inputs
public import Model

/// What the agent tells other processes of its policies: who decides by its options, and the names of policies' ids.
/// A file of the state directory, written by the agent whenever that changes.
public struct AuthorizationRecord: Hashable, Sendable {
    /// The file's name in the state directory.
    static let fileName = "authorization"
    private static let header = "authorization 1"

    /// The option of the data plane.
    public var decides: DataplaneOptions.Authorization
    /// How many policies the mesh has.
    public var policyCount: Int
    /// Names by id, where policies are compiled.
    public var names: [ResourceID: String]

    init(_ decides: DataplaneOptions.Authorization, policyCount: Int, names: NameTable) {
        self.decides = decides
        self.policyCount = policyCount
        self.names = Dictionary(uniqueKeysWithValues: names.sortedEntries.map { ($0.id, $0.name) })
    }

    /// Reads it; nil where no agent has written it.
    public init?(inDirectory path: String) throws(AgentError) {
        let file = "\(path)/\(Self.fileName)"
        // The path is lent for the call.
        guard unsafe access(file, F_OK) == 0 else { return nil }
        let text = try AgentError.wrapping { try TextFile.contents(ofPath: file) }
        guard let record = AuthorizationRecord(text: text) else {
            throw .state(.damaged(file: file, line: 1, "is not what an agent of this version wrote; start the agent"))
        }
        self = record
    }

    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines[0] == Self.header, lines.last == "",
            let decides = Self.value(lines[1], of: "decides").flatMap(DataplaneOptions.Authorization.init),
            let count = Self.value(lines[2], of: "policies").flatMap({ Digits.decimal($0[...], as: Int.self) })
        else { return nil }
        var names: [ResourceID: String] = [:]
        for line in lines.dropFirst(3).dropLast() {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let id = Digits.decimal(parts[0], as: ResourceID.self) else { return nil }
            names[id] = String(parts[1])
        }
        (self.decides, policyCount, self.names) = (decides, count, names)
    }

    private static func value(_ line: Substring, of key: String) -> String? {
        line.hasPrefix("\(key) ") ? String(line.dropFirst(key.count + 1)) : nil
    }

    /// The file's text. Names with line breaks are left out: their ids show as numbers.
    var text: String {
        var lines = [Self.header, "decides \(decides.rawValue)", "policies \(policyCount)"]
        for (id, name) in names.sorted(by: { $0.key < $1.key }) where !name.utf8.contains(UInt8(ascii: "\n")) {
            lines.append("\(id) \(name)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
