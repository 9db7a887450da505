/// A condition on a name, as the workload API has it.
public enum StringMatch: Hashable, Sendable {
    case exact(String)
    case prefix(String)
    case suffix(String)
    /// Any name that is not empty.
    case presence

    public func matches(_ text: String) -> Bool {
        switch self {
        case .exact(let value): text == value
        case .prefix(let value): text.utf8.starts(with: value.utf8)
        case .suffix(let value): text.utf8.reversed().starts(with: value.utf8.reversed())
        case .presence: !text.isEmpty
        }
    }
}

extension StringMatch: CustomStringConvertible {
    /// As Istio writes it: `name`, `name*`, `*name`, `*`.
    public var description: String {
        switch self {
        case .exact(let value): value
        case .prefix(let value): "\(value)*"
        case .suffix(let value): "*\(value)"
        case .presence: "*"
        }
    }
}
