import Model

/// Upstream's XDP program of the user-space mode (offload off): it acts on denials that user space put into km_auth_res.
public enum UpstreamXDPReset {
    /// The verdict that counts as a denial; any other lets pass.
    private static let denial: UInt32 = 1
    /// FIN, SYN, PSH and ACK, which a reset has not; URG, ECE and CWR stay as they are.
    private static let cleared: UInt8 = 0x1b
    private static let rst: UInt8 = 0x04

    /// Lets a frame pass. Of a denied connection it is turned into a reset: only the flags change, the checksum does not,
    /// nor is the byte that of the flags where the IPv4 header has options. The denial is forgotten.
    public static func run(_ bytes: inout [UInt8], _ maps: inout UpstreamAuthorizationMaps) -> UpstreamXDPOutcome {
        let frame: UpstreamFrame
        do {
            frame = try UpstreamFrame(bytes)
        } catch {
            return UpstreamXDPOutcome(error)
        }
        guard let result = maps.results.lookup(frame.tuple) else { return UpstreamXDPOutcome(.noVerdict, frame) }
        guard result.denied == denial else { return UpstreamXDPOutcome(.verdictNotDenial, frame) }
        // It is there: it was looked up just now.
        try? maps.results.delete(frame.tuple)
        bytes[frame.flagsOffset] = bytes[frame.flagsOffset] & ~cleared | rst
        return UpstreamXDPOutcome(.reset, frame)
    }
}
