import Model
import Testing

@testable import Live

/// What is announced is what is done, whatever the preset says.
@Test(arguments: Preset.allCases, [DataplaneOptions.ReplayUse.none, .checked])
func extendedNumbersAreAnnouncedByOption(preset: Preset, window: DataplaneOptions.ReplayUse) throws {
    var configuration = AgentConfiguration(mesh: ["mesh.yaml"], node: "a")
    configuration.preset = preset
    configuration.options = DataplaneOptions(preset)
    configuration.options.replayWindow = window
    let encryption = EncryptionConfiguration(
        keyFile: "key.json", nodeInfoDirectory: "nodes", podPrefixes: [try #require(Prefix("10.0.1.0/24"))])
    let local = NodeEncryption(local: configuration, encryption, spi: SPI(rawValue: 1), bootID: "")
    #expect(local.hasExtendedSequence == (window == .checked))
}
