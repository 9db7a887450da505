import CLinux
import CSocketCalls
import Glibc

/// A network namespace, by a name that `ip` and our tools know too. The thread is in one of them at a time.
struct Namespace {
    let name: String
    private let descriptor: CInt

    /// The machine's own, where the wire is.
    static let wire = Namespace(name: "wire", descriptor: sc_open_network_namespace())

    private init(name: String, descriptor: CInt) {
        self.name = name
        self.descriptor = descriptor
    }

    /// One that is there.
    init(_ name: String) throws(Failure) {
        self.name = name
        // The path ends with a zero, which Swift provides.
        descriptor = unsafe open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure("no namespace \(name)") }
    }

    /// What is opened or started there belongs to the namespace.
    func inside<Result>(_ body: () throws -> Result) throws -> Result {
        let before = Namespace.wire
        guard km_enter_network_namespace(descriptor) == 0 else { throw Failure("cannot enter namespace \(name)") }
        defer { _ = km_enter_network_namespace(before.descriptor) }
        return try body()
    }

    /// Writes a setting under /proc/sys.
    func set(_ setting: String, to value: String) throws {
        try inside { try writeFile("/proc/sys/\(setting)", value) }
    }

    /// What /proc/net/xfrm_stat counts.
    func counters() throws -> [String: Int] {
        var counters: [String: Int] = [:]
        for line in try inside({ try readFile("/proc/thread-self/net/xfrm_stat") }).split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count == 2 { counters[String(words[0])] = Int(words[1]) }
        }
        return counters
    }
}

/// Reads a file to its end.
func readFile(_ path: String) throws(Failure) -> String {
    // The path ends with a zero, which Swift provides.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure("cannot read \(path)") }
    defer { close(descriptor) }
    var (text, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
    while true {
        // In bounds: the buffer's own count.
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count <= 0 { return String(decoding: text, as: UTF8.self) }
        text += buffer.prefix(count)
    }
}

/// Creates or replaces a file.
func writeFile(_ path: String, _ text: String, mode: mode_t = 0o644) throws(Failure) {
    // The path ends with a zero, which Swift provides.
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw Failure("cannot write \(path)") }
    defer { close(descriptor) }
    // In bounds: the text's own count.
    let count = unsafe write(descriptor, text, text.utf8.count)
    if count != text.utf8.count { throw Failure("cannot write to \(path)") }
}

func makeDirectory(_ path: String) {
    // The path ends with a zero, which Swift provides. One that is there is meant too.
    _ = unsafe mkdir(path, 0o755)
}

func removeFile(_ path: String) {
    // The path ends with a zero, which Swift provides. One that is not there is meant too.
    _ = unsafe unlink(path)
}
