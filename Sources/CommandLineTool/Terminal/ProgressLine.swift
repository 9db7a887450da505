/// A line on a terminal that shows how far the work is; nothing anywhere else.
///
/// It is rewritten only when the whole percentage changes, so it costs at most 101 writes and reads no clock.
public struct ProgressLine: ~Copyable {
    /// Back to the first column, then clear to the end of the line. Source: ECMA-48 §8.3.41 (EL).
    private static let clear = "\r\u{1B}[K"

    private let title: String
    private var isActive: Bool
    /// What the terminal shows now; `nil` before the first update and after the end.
    private var percentShown: Int?

    /// A line that has not been shown yet.
    /// - Parameters:
    ///   - title: Shown before the percentage.
    ///   - isActive: Whether to show anything: `StandardStream.error.isTerminal`.
    public init(_ title: String, isActive: Bool) {
        self.title = title
        self.isActive = isActive
    }

    /// Shows `done` out of `total` on `errors`, which is flushed.
    ///
    /// Progress is an ornament: when it cannot be written, the line goes quiet and the work goes on.
    public mutating func update(done: Int, of total: Int, on errors: inout Output) {
        guard isActive else { return }
        let percent = total > 0 ? Int(Int128(min(max(done, 0), total)) * 100 / Int128(total)) : 100
        guard percent != percentShown else { return }
        percentShown = percent
        show("\(Self.clear)\(title) \(percent)%", on: &errors)
    }

    /// Removes the line; call it before anything else is written to the terminal.
    public mutating func remove(from errors: inout Output) {
        guard isActive, percentShown != nil else { return }
        percentShown = nil
        show(Self.clear, on: &errors)
    }

    private mutating func show(_ text: String, on errors: inout Output) {
        do {
            try errors.write(text)
            try errors.flush()
        } catch {
            isActive = false
        }
    }
}
