/// Emphasis for text on a terminal; plain anywhere else.
///
/// The executable decides once, by `Style(for:)`, and passes the value on.
public enum Style: Hashable, Sendable {
    /// Text stays as it is.
    case plain
    /// Text is wrapped in escape sequences. Source: ECMA-48 §8.3.117 (SGR).
    case ansi

    /// For what matters most.
    public func bold(_ text: String) -> String { wrapped(text, code: 1) }
    /// For what matters least.
    public func dim(_ text: String) -> String { wrapped(text, code: 2) }
    /// For failures.
    public func red(_ text: String) -> String { wrapped(text, code: 31) }
    /// For successes.
    public func green(_ text: String) -> String { wrapped(text, code: 32) }
    /// For warnings.
    public func yellow(_ text: String) -> String { wrapped(text, code: 33) }

    private func wrapped(_ text: String, code: Int) -> String {
        switch self {
        case .plain: text
        case .ansi: "\u{1B}[\(code)m\(text)\u{1B}[0m"
        }
    }
}
