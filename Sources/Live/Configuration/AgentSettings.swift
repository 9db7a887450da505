public import Inputs

/// What was asked of the agent, as text, and where it was asked: from the command line, a file, or both.
///
/// Nothing is checked yet; `AgentConfiguration` reads it.
public struct AgentSettings: Hashable, Sendable {
    /// Where a text comes from.
    public enum Origin: Hashable, Sendable {
        case commandLine
        case file(String, Position)
    }

    /// A text and where it comes from.
    public struct Given: Hashable, Sendable {
        public var text: String
        public var origin: Origin

        public init(_ text: String, from origin: Origin) {
            self.text = text
            self.origin = origin
        }
    }

    private var given: [AgentSetting: [Given]] = [:]

    /// Nothing is set.
    public init() {}

    /// What was given for a setting, in order.
    public subscript(setting: AgentSetting) -> [Given] { given[setting] ?? [] }

    /// Adds a value of the command line.
    public mutating func add(_ text: String, to setting: AgentSetting) {
        given[setting, default: []].append(Given(text, from: .commandLine))
    }

    /// These settings, and in their place those of `others` where they are given there; single options are added.
    public func overridden(by others: AgentSettings) -> AgentSettings {
        var result = self
        result.given.merge(others.given) { $0 + $1 }
        for setting in others.given.keys where !setting.accumulates { result.given[setting] = others.given[setting] }
        return result
    }
}

extension AgentSettings {
    /// Reads a configuration file: a YAML mapping whose keys are the names of the settings.
    /// - Throws: naming the line, also for a key that is no setting, with the nearest that is one.
    public init(file path: String) throws(InputError) {
        var reader = try DocumentReader(path: path)
        try self.init(reader.single(), file: path)
    }

    /// Reads a configuration file in memory; `file` names it in errors.
    public init(text: String, file: String) throws(InputError) {
        var reader = DocumentReader(text: text, file: file)
        try self.init(reader.single(), file: file)
    }

    private init(_ document: DocumentNode, file: String) throws(InputError) {
        var fields = try Fields(document, file: file, what: "the configuration")
        for setting in AgentSetting.allCases {
            let texts: [Given]
            switch setting {
            case .mesh, .nodeAddress, .podGateway, .uplink, .podCIDR: texts = try Self.list(setting, of: &fields)
            case .option: texts = try Self.options(of: &fields)
            case .periodicReports:
                let isOn = try fields.boolean(setting.rawValue)
                texts = isOn.map { [Given($0 ? "true" : "false", from: .file(file, fields.position))] } ?? []
            default: texts = try Self.single(setting, of: &fields)
            }
            if !texts.isEmpty { given[setting] = texts }
        }
        try fields.finish()
    }

    private static func single(_ setting: AgentSetting, of fields: inout Fields) throws(InputError) -> [Given] {
        guard let text = try fields.string(setting.rawValue), let node = fields.node(setting.rawValue) else {
            return []
        }
        return [Given(text, from: .file(fields.file, node.position))]
    }

    private static func list(_ setting: AgentSetting, of fields: inout Fields) throws(InputError) -> [Given] {
        let texts = try fields.strings(setting.rawValue)
        return zip(texts, fields.list(setting.rawValue)).map { text, node in
            Given(text, from: .file(fields.file, node.position))
        }
    }

    private static func options(of fields: inout Fields) throws(InputError) -> [Given] {
        guard let node = fields.node(AgentSetting.option.rawValue) else { return [] }
        guard case .mapping(let entries) = node.value else {
            throw InputError(
                fields.file, node.position,
                "\"option\" must map names to values, such as noEndpoint: leave, not be \(node.kindName)")
        }
        var options: [Given] = []
        for entry in entries {
            guard let value = entry.value.text else {
                throw InputError(
                    fields.file, entry.value.position, "\"\(entry.key)\" must be text, not \(entry.value.kindName)")
            }
            options.append(Given("\(entry.key)=\(value)", from: .file(fields.file, entry.keyPosition)))
        }
        return options
    }
}
