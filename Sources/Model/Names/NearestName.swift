/// The candidate most like `name`, for "did you mean"; nil when none is near (more than a third of the letters differ).
/// Ties go to the first candidate.
public func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.utf8)
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let distance = editDistance(wanted, Array(candidate.utf8))
        let limit = max(1, max(wanted.count, candidate.utf8.count) / 3)
        if distance <= limit, best.map({ distance < $0.distance }) ?? true {
            best = (candidate, distance)
        }
    }
    return best?.name
}

/// Edits between two names, upper and lower case alike: a letter more, less or other, or two neighbours swapped (the
/// optimal string alignment distance).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
    let (a, b) = (a.map(lower), b.map(lower))
    var rowBefore: [Int] = []
    var row = Array(0...b.count)
    for i in a.indices {
        var next = [i + 1]
        for j in b.indices {
            var distance = min(row[j] + (a[i] == b[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, rowBefore[j - 1] + 1) }
            next.append(distance)
        }
        (rowBefore, row) = (row, next)
    }
    return row[b.count]
}
