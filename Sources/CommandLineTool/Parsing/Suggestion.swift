/// The candidate most like `word`, if one is close enough to be a likely slip.
///
/// Close enough means a distance of at most a third of the longer word's length. Among equals the first candidate
/// wins, so the order of `candidates` decides. Cost is the product of the lengths for each candidate.
public func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
        let distance = editDistance(word, candidate)
        guard distance <= max(word.count, candidate.count) / 3, distance < best?.distance ?? .max else { continue }
        best = (candidate, distance)
    }
    return best?.candidate
}

/// How many slips turn one word into the other: a character inserted, removed or replaced, or two neighbours swapped.
///
/// This is the optimal string alignment distance: no part of a word is edited twice.
func editDistance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first), Array(second))
    // Distances from prefixes of `first` to every prefix of `second`; two rows back serves the swap.
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for (i, character) in first.enumerated() {
        var row = [i + 1]
        for (j, other) in second.enumerated() {
            var distance = min(last[j] + (character == other ? 0 : 1), last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, character == second[j - 1], other == first[i - 1] {
                distance = min(distance, beforeLast[j - 1] + 1)
            }
            row.append(distance)
        }
        (beforeLast, last) = (last, row)
    }
    return last[second.count]
}
