import Foundation

/// The recordings of ESP between two nodes, made on a Debian kernel: captures, rules before and after, and notes.
public enum Recordings {
    public static let directory =
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/captures/ipsec"

    public static let names = [
        "basic4", "headers4", "nomark", "replay_w0", "replay_w32", "rotation", "v6in6", "wrongkey",
    ]

    /// A text of a recording.
    public static func text(_ recording: String, _ file: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(recording)/\(file)", encoding: .utf8)
    }

    /// The packets of a capture in the plain pcap form that all recordings have: nanoseconds or microseconds, this
    /// machine's byte order, whole Ethernet frames.
    public static func frames(_ recording: String, _ file: String) throws -> [[UInt8]] {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(recording)/\(file)")))
        var frames: [[UInt8]] = []
        var offset = 24
        while offset + 16 <= bytes.count {
            let count = (0..<4).reduce(0) { $0 | Int(bytes[offset + 8 + $1]) << (8 * $1) }
            frames.append(Array(bytes[offset + 16..<offset + 16 + count]))
            offset += 16 + count
        }
        return frames
    }
}
