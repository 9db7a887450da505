import CSocketCalls
import Captures
import Glibc

/// A frame that passed an interface.
struct Frame {
    /// Nanoseconds since 1970.
    var timestamp: UInt64
    var bytes: [UInt8]
    var isOutgoing: Bool
}

/// What passes an interface, or all of a namespace's, from when it was opened on. The kernel keeps it until it is asked.
final class Capture {
    private let name: String
    private let descriptor: CInt
    /// Whether only what others send counts: on the wire, where what one port receives another one sends.
    private let isOfReceived: Bool
    private(set) var frames: [Frame] = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// - Parameter interface: nil for what the ports of the wire receive.
    init(_ interface: String?, in namespace: Namespace) throws {
        name = namespace.name
        isOfReceived = interface == nil
        descriptor = try namespace.inside {
            // The name ends with a zero, which Swift provides.
            try unsafe checked(sc_open_capture(interface), "a capture in \(namespace.name)")
        }
    }

    deinit { close(descriptor) }

    /// Takes what the kernel has kept.
    func collect() throws {
        while true {
            var seen = sc_frame()
            // In bounds: the buffer's own count, and one struct.
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe sc_receive_frame(descriptor, $0.baseAddress, $0.count, &seen)
            }
            if count < 0 { break }
            if isOfReceived, seen.is_outgoing != 0 || seen.interface == Self.bridge { continue }
            frames.append(
                Frame(
                    timestamp: seen.timestamp_ns, bytes: Array(buffer.prefix(count)), isOutgoing: seen.is_outgoing != 0)
            )
        }
        let lost = sc_lost_frames(descriptor)
        if lost > 0 { throw Failure("the capture \(name) lost \(lost) frames") }
    }

    /// The bridge itself, which receives what goes to all once more.
    /// if_nametoindex(3) reads the name up to its end, which Swift provides.
    private static let bridge = unsafe if_nametoindex("wire")

    /// Writes all frames so far to a file of the capture's name.
    func write(to directory: String) throws {
        try collect()
        var writer = try PCAPWriter(path: "\(directory)/\(name).pcap", linkType: .ethernet)
        for frame in frames {
            // Bytes have no padding that could be uninitialized.
            try writer.write(unsafe frame.bytes.span.bytes, timestamp: frame.timestamp)
        }
        try writer.finish()
    }
}
