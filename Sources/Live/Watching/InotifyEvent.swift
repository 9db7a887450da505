internal import CLinux

/// One record of an inotify descriptor. Source: inotify(7).
struct InotifyEvent: Hashable, Sendable {
    /// -1 when the queue overflowed.
    var watch: CInt
    var mask: UInt32
    /// The name in the watched directory as its bytes; empty when the directory itself is meant.
    var name: [UInt8]

    /// The records in what read(2) returned. It returns whole ones only; anything else is left out.
    static func events(in bytes: [UInt8]) -> [InotifyEvent] {
        let headerByteCount = MemoryLayout<inotify_event>.size
        var events: [InotifyEvent] = []
        var start = 0
        while start + headerByteCount <= bytes.count {
            let header = unsafe bytes.withUnsafeBytes {
                // In bounds: the header's bytes were counted above.
                unsafe $0.loadUnaligned(fromByteOffset: start, as: inotify_event.self)
            }
            let nameStart = start + headerByteCount
            let end = nameStart + Int(header.len)
            guard end <= bytes.count else { break }
            let name = bytes[nameStart..<end].prefix { $0 != 0 }
            events.append(InotifyEvent(watch: header.wd, mask: header.mask, name: Array(name)))
            start = end
        }
        return events
    }

    /// Whether one of the flags is set.
    func has(_ flags: CInt...) -> Bool { flags.contains { mask & UInt32(bitPattern: $0) != 0 } }
}
