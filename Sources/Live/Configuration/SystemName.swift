import Glibc

/// What uname(2) says of this host.
public struct SystemName: Hashable, Sendable {
    /// The host's name.
    public let host: String
    /// The kernel's release, such as `6.1.0-28-cloud-amd64`.
    public let release: String

    /// Asks the kernel.
    public init() {
        var names = utsname()
        // In bounds: uname fills the structure.
        _ = unsafe uname(&names)
        host = text(of: names.nodename)
        release = text(of: names.release)
    }
}

/// The text in an array of characters up to its zero.
private func text<Characters>(of characters: Characters) -> String {
    // In bounds: all bytes of the array itself.
    unsafe withUnsafeBytes(of: characters) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
