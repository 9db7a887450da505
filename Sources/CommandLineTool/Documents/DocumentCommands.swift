extension Command {
    /// A command that prints the script which completes the tool's command lines in a shell.
    public static func completion(of tool: String) -> Command {
        Command(
            "completion", summary: "Print a script that completes command lines in a shell.",
            examples: [
                .init("source <(\(tool) completion bash)", "Complete in this bash."),
                .init("\(tool) completion fish > ~/.config/fish/completions/\(tool).fish", "Complete in every fish."),
            ],
            positionals: [.init("SHELL", choices: Completion.allCases.map(\.rawValue), help: "Which shell.")])
    }

    /// A command that prints the tool's manual page.
    public static func manual(of tool: String) -> Command {
        Command(
            "man", summary: "Print the manual page.",
            examples: [
                .init("\(tool) man | man -l -", "Read it."),
                .init("\(tool) man > \(tool).1", "Keep it for a package."),
            ])
    }

    /// What one of these two commands prints; nil for any other invocation.
    /// - Parameter version: That of the tool, which `self` declares.
    public func document(for invocation: Invocation, version: String) -> String? {
        switch invocation.commandNames {
        case ["completion"]: Completion(rawValue: invocation.positionals[0])?.script(for: self)
        case ["man"]: ManualPage(for: self, version: version).text
        default: nil
        }
    }
}
