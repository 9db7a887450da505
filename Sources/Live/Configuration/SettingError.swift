public import Inputs

/// A setting of the agent that cannot be used, and where it was given.
public struct SettingError: Error, Hashable, Sendable {
    public let setting: AgentSetting
    public let origin: AgentSettings.Origin
    /// Completes a sentence that begins with the setting: `expects an IP address, not 'x'`.
    public let message: String

    init(_ setting: AgentSetting, _ origin: AgentSettings.Origin, _ message: String) {
        self.setting = setting
        self.origin = origin
        self.message = message
    }

    /// The mistake as one of an input file; nil when it is one of the command line.
    public var inputError: InputError? {
        guard case .file(let file, let position) = origin else { return nil }
        return InputError(file, position, "\"\(setting.rawValue)\" \(message)")
    }
}

extension SettingError: CustomStringConvertible {
    /// `file:line:column: "name" …`, or `--name …` where the command line is wrong.
    public var description: String { inputError?.description ?? "--\(setting.rawValue) \(message)" }
}
