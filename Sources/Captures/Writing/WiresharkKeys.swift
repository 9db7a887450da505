public import Model

/// The keys of security associations as Wireshark reads them. Source: Wireshark, packet-ipsec.c, the table `esp_sa`.
public enum WiresharkKeys {
    /// The text of the file `esp_sa`, which Wireshark looks for in its folder of preferences.
    ///
    /// Only associations with extended sequence numbers have the columns about them: Wireshark 4.0 does not know these and
    /// warns of them, and later versions take 32 bits where they are missing.
    public static func table(of states: [XFRMState]) -> String {
        states.map { line($0, hasAllColumns: $0.hasExtendedSequence) }.joined()
    }

    /// The lines of a decryption secrets block, which have all columns.
    static func secrets(of states: [XFRMState]) -> String {
        states.map { line($0, hasAllColumns: true) }.joined()
    }

    /// Protocol, source, destination, SPI, encryption and its key, authentication and its key; then the width of
    /// sequence numbers and their higher half.
    private static func line(_ state: XFRMState, hasAllColumns: Bool) -> String {
        let family = state.source.family == .v4 ? "IPv4" : "IPv6"
        let algorithm = "AES-GCM with \(state.key.icvByteCount) octet ICV [RFC4106]"
        var columns = [
            family, "\(state.source)", "\(state.destination)", "\(state.spi)", algorithm, hex(state.key.bytes), "NULL",
            "",
        ]
        if hasAllColumns { columns += [state.hasExtendedSequence ? "64-bit" : "32-bit", "0"] }
        return columns.map { "\"\($0)\"" }.joined(separator: ",") + "\n"
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        "0x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
