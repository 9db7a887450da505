/// Decides when to tell a listener how much of a file is read: at most about a hundred times a file.
struct ProgressMeter {
    /// Gets a file, and how much of it is read: 0 to 1, nil where its size is unknown.
    typealias Listener = (_ file: String, _ fraction: Double?) -> Void

    private let file: String
    private let byteCount: Int?
    private let step: Int
    private var nextOffset: Int

    /// Reports the start. `byteCount` is nil where the size is unknown.
    init(file: String, byteCount: Int?, _ listener: Listener) {
        self.file = file
        self.byteCount = byteCount
        step = max((byteCount ?? 0) / 100, 1 << 16)
        nextOffset = step
        listener(file, byteCount.map { _ in 0 })
    }

    /// Takes the characters read so far, of which there are at most as many as bytes.
    mutating func advance(to offset: Int, _ listener: Listener) {
        guard offset >= nextOffset else { return }
        nextOffset = offset + step
        listener(file, byteCount.map { $0 == 0 ? 1 : min(Double(offset) / Double($0), 1) })
    }

    /// Reports the end.
    func finish(_ listener: Listener) {
        listener(file, byteCount.map { _ in 1 })
    }
}
