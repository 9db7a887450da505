import KernelABI
import Model

/// Turns texts into values, or into errors that name their place.
struct SettingReader {
    let settings: AgentSettings

    /// The value that was given last, nil without any. `expected` completes "expects …".
    func last<Value>(
        _ setting: AgentSetting, _ expected: String, _ parse: (AgentSettings.Given) -> Value?
    ) throws(SettingError) -> Value? {
        guard let given = settings[setting].last else { return nil }
        return try value(of: given, setting, expected, parse)
    }

    /// All values, in order.
    func all<Value>(
        _ setting: AgentSetting, _ expected: String, _ parse: (AgentSettings.Given) -> Value?
    ) throws(SettingError) -> [Value] {
        var values: [Value] = []
        for given in settings[setting] { values.append(try value(of: given, setting, expected, parse)) }
        return values
    }

    func choice<Value: RawRepresentable & CaseIterable>(
        _ setting: AgentSetting
    ) throws(SettingError) -> Value? where Value.RawValue == String {
        guard let given = settings[setting].last else { return nil }
        guard let value = Value(rawValue: given.text) else {
            throw notAChoice(given.text, among: Value.allCases.map(\.rawValue), setting, given.origin)
        }
        return value
    }

    func sink(_ setting: AgentSetting) throws(SettingError) -> AgentConfiguration.Sink? {
        try last(setting, "a file or -") { given in
            Self.path(given).map { $0 == "-" ? .standardOutput : .file($0) }
        }
    }

    func adoption() throws(SettingError) -> AgentConfiguration.Adoption? {
        let names = try last(.adoptNames, "a file", Self.path)
        guard let directory = try last(.adopt, "a directory", Self.path) else {
            if names != nil, let given = settings[.adoptNames].last {
                throw SettingError(.adoptNames, given.origin, "needs adopt: the directory of the pinned maps")
            }
            return nil
        }
        return AgentConfiguration.Adoption(pinDirectory: directory, names: names)
    }

    func options(from preset: Preset) throws(SettingError) -> DataplaneOptions {
        var options = DataplaneOptions(preset)
        for given in settings[.option] {
            let parts = given.text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw SettingError(.option, given.origin, "expects NAME=VALUE, not '\(given.text)'")
            }
            let (name, text) = (String(parts[0]), String(parts[1]))
            guard let option = OptionName(rawValue: name) else {
                let near = nearestName(to: name, in: OptionName.allCases.map(\.rawValue))
                throw SettingError(.option, given.origin, "knows no '\(name)'\(hint(near))")
            }
            guard options.set(option, to: text) else {
                throw notAChoice(
                    text, among: DataplaneOptions.choices(of: option), .option, given.origin, of: "\(name)=")
            }
        }
        return options
    }

    /// The programs have room for so many, and no more.
    func checkCount(of sources: [IPAddress]) throws(SettingError) {
        let limit = Int(KM_PROBE_SOURCE_COUNT)
        guard sources.count > limit else { return }
        let setting: AgentSetting = settings[.podGateway].isEmpty ? .nodeAddress : .podGateway
        guard let given = settings[setting].last else { return }
        throw SettingError(
            setting, given.origin, "and the node's addresses may be \(limit) together, not \(sources.count)")
    }

    /// A path that is not empty.
    static func path(_ given: AgentSettings.Given) -> String? {
        guard !given.text.isEmpty else { return nil }
        guard case .file(let file, _) = given.origin, given.text != "-", !given.text.hasPrefix("/"),
            let slash = file.lastIndex(of: "/")
        else { return given.text }
        return String(file[...slash]) + given.text
    }

    private func value<Value>(
        of given: AgentSettings.Given, _ setting: AgentSetting, _ expected: String,
        _ parse: (AgentSettings.Given) -> Value?
    ) throws(SettingError) -> Value {
        guard let value = parse(given) else {
            throw SettingError(setting, given.origin, "expects \(expected), not '\(given.text)'")
        }
        return value
    }

    private func notAChoice(
        _ text: String, among choices: [String], _ setting: AgentSetting, _ origin: AgentSettings.Origin,
        of owner: String = ""
    ) -> SettingError {
        let near = nearestName(to: text, in: choices)
        return SettingError(
            setting, origin, "expects \(owner)\(choices.joined(separator: "|")), not '\(text)'\(hint(near))")
    }

    private func hint(_ near: String?) -> String { near.map { "; did you mean '\($0)'?" } ?? "" }
}
