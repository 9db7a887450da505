extension Option {
    /// In which form results are printed; the first is the default.
    public static func output(_ formats: [String]) -> Option {
        .value(
            "output", short: "o", "FORMAT", choices: formats, presence: .defaults(to: formats[0]),
            help: "How to print the results.")
    }
}
