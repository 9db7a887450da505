import Model

/// The keys of one kind of mapping in a scenario file.
protocol MappingKey: RawRepresentable<String>, CaseIterable, Hashable, Sendable {}

/// Keys of the file.
enum ScenarioKey: String, MappingKey {
    case name, description, seed, preset, options, node, nodes, mesh, manage, dnsProxy, monitoring, periodicReports
    case encryption, steps
}

/// Keys of an element of `nodes`.
enum NodeKey: String, MappingKey {
    case name, region, zone, subzone, network, cluster, addresses, podCIDRs, podGateway
}

/// Keys of `encryption`.
enum EncryptionSetupKey: String, MappingKey { case key, nodes }

/// Keys of an element of its `nodes`.
enum EncryptionNodeKey: String, MappingKey { case name, key, bootID, addresses, podCIDRs, extendedSequence }

/// Keys of a key file that is written into the scenario.
enum TestKeyKey: String, MappingKey { case spi, testKey, length }

/// Keys of a source in its long form.
enum MeshSourceKey: String, MappingKey { case path, node, inline }

/// Keys of a step: those of `Step.Kind`, and what any step may have.
enum StepKey: String, MappingKey {
    case connect, send, dns, packet, apply, remove, patch, health, move, restart, manage, release, authz, advance
    case close, snapshot, restore, mapWrite
    case flow, inject, rotateKey, holdUpdates, deliverUpdates, loseUpdate, restartAgent, restartNode, removeNode
    case encryptionStep, check
    case expect, note
}

/// Keys of `connect`.
enum ConnectKey: String, MappingKey {
    case from, node, to, `protocol`, family, mapped, `repeat`, keep, reuse
}

/// Keys of `send`.
enum SendKey: String, MappingKey { case socket, payload, hex, noMemory }

/// Keys of `dns`.
enum DNSKey: String, MappingKey { case from, server, port, socket, reply, unsolicited }

/// Keys of `packet`.
enum PacketKey: String, MappingKey {
    case to, hex, from, family, flags, tags, ipOptions, extensionHeaders, payload, fragment
}

/// Keys of a packet's `fragment`.
enum FragmentKey: String, MappingKey { case id, from, to }

/// Keys of `authz` in its long form.
enum OffloadKey: String, MappingKey { case node, offload }

/// Keys of an expected verdict in its long form.
enum AuthorizationKey: String, MappingKey { case verdict, policy, rule, engine, dryRun }

/// Keys of `patch`.
enum PatchKey: String, MappingKey { case object, merge }

/// Keys of `health`.
enum HealthKey: String, MappingKey { case unhealthy, healthy }

/// Keys of `move`.
enum MoveKey: String, MappingKey { case workload, node, region, zone, subzone }

/// Keys of `restart` in its long form.
enum RestartKey: String, MappingKey { case owners, surge }

/// Keys of `mapWrite`.
enum MapWriteKey: String, MappingKey { case node, delete, put }

/// Keys of `flow`.
enum FlowKey: String, MappingKey {
    case from, to, `protocol`, family, size, count, timeToLive, mayFragment, replies, keep
}

/// Keys of `inject`.
enum InjectKey: String, MappingKey {
    case from, to, `protocol`, family, size, count, timeToLive, mayFragment, replay, number
}

/// Keys of `rotateKey`.
enum RotateKeyKey: String, MappingKey { case nodes, key, wait }

/// Keys of `holdUpdates` and `loseUpdate`.
enum UpdatePathKey: String, MappingKey { case of, at }

/// Keys of `deliverUpdates`.
enum DeliverUpdatesKey: String, MappingKey { case of, at, wait }

/// Keys of `restartAgent` in its long form.
enum RestartAgentKey: String, MappingKey { case nodes, wait }

/// Keys of `restartNode` in its long form.
enum RestartNodeKey: String, MappingKey { case node, bootID, wait }

/// Keys of `removeNode` in its long form.
enum RemoveNodeKey: String, MappingKey { case node, wait }

/// Keys of `encryptionStep` in its long form.
enum EncryptionStepKey: String, MappingKey { case node, count, until }

/// Keys of an expected encryption in its long form.
enum ExpectedEncryptionKey: String, MappingKey { case wire, spi, peer }

extension MapName: MappingKey {}

/// Keys of `expect`; those of presets not inside of a preset.
enum ExpectationKey: String, MappingKey {
    case destination, oneOf, share, tolerance, refused, leftAlone, via, authorization, reason, hooks
    case originalDestination
    case bytes, tlv, server, seenFrom, managed, counters, reports, maps, problems
    case encryption, loss, drop, leaks, nodeErrors, published, states
    case upstream, hardened
}

/// Keys of an expected report.
enum ReportKey: String, MappingKey {
    case direction, from, to, originalDestination, state, sent, received
}

/// Keys of `maps`: a node, and those of `MapName`.
enum ExpectedMapsKey: MappingKey {
    case node
    case map(MapName)

    static let allCases = [.node] + MapName.allCases.map(Self.map)

    var rawValue: String {
        switch self {
        case .node: "node"
        case .map(let map): map.rawValue
        }
    }

    init?(rawValue: String) {
        guard let key = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = key
    }
}

/// Every key and every word that a scenario file may hold: what the JSON schema must list, neither more nor less.
public enum Vocabulary {
    /// The keys of a mapping, under the name that it has in the schema's `$defs`; `scenario` is the file itself.
    public static let mappings: [(name: String, keys: [String])] = [
        ("scenario", keys(ScenarioKey.self)),
        ("node", keys(NodeKey.self)),
        ("encryptionSetup", keys(EncryptionSetupKey.self)),
        ("encryptionNode", keys(EncryptionNodeKey.self)),
        ("testKey", keys(TestKeyKey.self)),
        ("meshSource", keys(MeshSourceKey.self)),
        ("step", keys(StepKey.self)),
        ("connect", keys(ConnectKey.self)),
        ("send", keys(SendKey.self)),
        ("dns", keys(DNSKey.self)),
        ("packet", keys(PacketKey.self)),
        ("fragment", keys(FragmentKey.self)),
        ("authz", keys(OffloadKey.self)),
        ("patch", keys(PatchKey.self)),
        ("health", keys(HealthKey.self)),
        ("move", keys(MoveKey.self)),
        ("restart", keys(RestartKey.self)),
        ("mapWrite", keys(MapWriteKey.self)),
        ("flow", keys(FlowKey.self)),
        ("inject", keys(InjectKey.self)),
        ("rotateKey", keys(RotateKeyKey.self)),
        ("updatePath", keys(UpdatePathKey.self)),
        ("deliverUpdates", keys(DeliverUpdatesKey.self)),
        ("restartAgent", keys(RestartAgentKey.self)),
        ("restartNode", keys(RestartNodeKey.self)),
        ("removeNode", keys(RemoveNodeKey.self)),
        ("encryptionStep", keys(EncryptionStepKey.self)),
        ("mapKeys", keys(MapName.self)),
        ("mapEntries", keys(MapName.self)),
        ("expect", keys(ExpectationKey.self)),
        ("presetExpectation", keys(ExpectationKey.self).filter { Preset(rawValue: $0) == nil }),
        ("authorization", keys(AuthorizationKey.self)),
        ("expectedEncryption", keys(ExpectedEncryptionKey.self)),
        ("report", keys(ReportKey.self)),
        ("expectedMaps", keys(ExpectedMapsKey.self)),
        ("expectedEntries", [countKey]),
    ]

    /// The words of a choice, under the name that it has in the schema's `$defs`.
    public static let choices: [(name: String, words: [String])] = [
        ("preset", words(Preset.self)),
        ("managedWord", managedWords),
        ("transport", words(Connect.Transport.self)),
        ("family", words(FamilyWord.self)),
        ("tcpFlag", Packet.flagNames.map(\.name)),
        ("tag", Packet.tagNames.map(\.name)),
        ("extensionHeader", Packet.headerNames.map(\.name)),
        ("switch", words(SwitchWord.self)),
        ("verdict", words(ExpectedAuthorization.Verdict.self)),
        ("engine", words(AuthorizationEngine.self)),
        ("dryRun", words(ExpectedAuthorization.DryRun.self)),
        ("reason", words(Reason.self)),
        ("hook", words(Hook.self)),
        ("direction", words(ReportPattern.Direction.self)),
        ("state", words(ReportPattern.State.self)),
        ("flowProtocol", words(Flow.Kind.self)),
        ("stepEnd", words(AgentSteps.End.self)),
        ("wire", words(ExpectedEncryption.Wire.self)),
        ("drop", words(ExpectedDrop.self)),
        ("nodeError", words(ExpectedNodeError.self)),
    ]

    /// Stands for the number of entries among the keys of an expected map.
    static let countKey = "count"

    /// What `manage` at the top may say instead of names.
    static let managedWords = ["all", "labelled", "none"]

    private static func keys<Key: MappingKey>(_: Key.Type) -> [String] { Key.allCases.map(\.rawValue) }

    private static func words<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) -> [String] {
        Word.allCases.map(\.rawValue)
    }
}

/// What a switch is set to.
enum SwitchWord: String, CaseIterable { case on, off }

/// Address families by their names in a scenario file.
enum FamilyWord: String, CaseIterable { case v4, v6 }
