/// Whether two sets of counts can come from the same shares: Pearson's chi-square test of homogeneity, summed over the
/// comparisons of one case.
///
/// This is a test of what came out, never a decision of the data plane, hence the floating point.
struct Homogeneity: Sendable {
    /// The chance that equal shares are taken for different ones, at most, for one case.
    static let significance = "0.000001"
    /// The quantile of the normal distribution at 1 − `significance`.
    private static let normalQuantile = 4.753424

    private(set) var statistic = 0.0
    private(set) var degreesOfFreedom = 0

    /// Adds one comparison. Categories without counts on both sides say nothing.
    mutating func add(_ first: [Int], _ second: [Int]) {
        let pairs = zip(first, second).map { (Double($0), Double($1)) }.filter { $0 + $1 > 0 }
        let firstTotal = pairs.reduce(0) { $0 + $1.0 }
        let secondTotal = pairs.reduce(0) { $0 + $1.1 }
        guard pairs.count > 1, firstTotal > 0, secondTotal > 0 else { return }
        let ratio = (secondTotal / firstTotal).squareRoot()
        for (a, b) in pairs {
            let distance = a * ratio - b / ratio
            statistic += distance * distance / (a + b)
        }
        degreesOfFreedom += pairs.count - 1
    }

    /// Whether the shares can be the same.
    var holds: Bool { degreesOfFreedom == 0 || statistic <= Self.criticalValue(degreesOfFreedom) }

    /// The value that chance exceeds with a probability of `significance` at most.
    /// Source: Wilson and Hilferty, "The distribution of chi-square", 1931; it errs on the high side here.
    static func criticalValue(_ degreesOfFreedom: Int) -> Double {
        let k = Double(degreesOfFreedom)
        let variance = 2 / (9 * k)
        let root = 1 - variance + normalQuantile * variance.squareRoot()
        return k * root * root * root
    }
}
