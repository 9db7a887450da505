import CommandLineTool

/// One measured number, what it should be, and how it compares with its peer.
public struct Figure {
    public var name: String
    public var value: Double
    public var unit: String
    /// The number should not be higher; nil where only the ratio has a target.
    public var target: Double?
    /// How many times the peer's number it is.
    public var ratio: (peer: String, value: Double, target: Double?)?

    public init(
        name: String, value: Double, unit: String, target: Double? = nil,
        ratio: (peer: String, value: Double, target: Double?)? = nil
    ) {
        self.name = name
        self.value = value
        self.unit = unit
        self.target = target
        self.ratio = ratio
    }

    /// Whether every target of the figure is met.
    public var isMet: Bool {
        let isFast = target.map { value <= $0 } ?? true
        guard let ratio, let target = ratio.target else { return isFast }
        return isFast && ratio.value <= target
    }

    /// What is told of targets below a table.
    public static func verdict(_ figures: [Figure]) -> String {
        let missed = figures.filter { !$0.isMet }.map(\.name)
        return missed.isEmpty ? "every target is met" : "missed: \(missed.joined(separator: "; "))"
    }

    private var targetText: String {
        let own = target.map { "≤ \(text(of: $0)) \(unit)" }
        let relative = ratio.flatMap { ratio in ratio.target.map { "≤ \(text(of: $0)) × \(ratio.peer)" } }
        return [own, relative].compactMap(\.self).joined(separator: ", ")
    }

    /// Figures below each other.
    public static func table(_ figures: [Figure]) -> String {
        var table = TextTable(columns: [
            .init("what"), .init("figure", .right), .init("target"), .init("ratio to peer"), .init("met"),
        ])
        for figure in figures {
            table.append([
                figure.name, "\(text(of: figure.value)) \(figure.unit)", figure.targetText,
                figure.ratio.map { "\(text(of: $0.value)) × \($0.peer)" } ?? "",
                figure.targetText.isEmpty ? "" : figure.isMet ? "yes" : "no",
            ])
        }
        return table.text
    }
}

/// A number with as many digits as matter: 1234, 99.5, 1.25.
private func text(of number: Double) -> String {
    let decimals = number >= 100 || number == number.rounded() ? 0 : number >= 10 ? 1 : 2
    let scale = decimals == 0 ? 1 : decimals == 1 ? 10 : 100
    let scaled = Int((number * Double(scale)).rounded())
    guard decimals > 0 else { return "\(scaled)" }
    let fraction = String(scaled % scale)
    return "\(scaled / scale).\(String(repeating: "0", count: decimals - fraction.count))\(fraction)"
}
