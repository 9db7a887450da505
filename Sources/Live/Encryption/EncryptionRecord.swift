internal import CLinux
import Glibc
import Inputs
import Model

/// By what the states and policies of an agent are found: those that it made, and no others, are its to change and to
/// remove.
///
/// A file of the state directory: what is to be made is added before it is made, what was removed is taken out after. It
/// says nothing about another run of the kernel, where nothing is left of all that, and so it need not wait for the disk.
struct EncryptionRecord: ~Copyable {
    /// The file's name in the state directory.
    static let fileName = "encryption"

    private(set) var states: Set<XFRMState.ID> = []
    private(set) var policies: Set<XFRMPolicy.ID> = []
    private let path: String
    /// Open for appending, at its end.
    private let file: Descriptor
    private var byteCount: Int

    /// Reads the record, and writes it anew without what was taken out.
    init(in directory: borrowing StateDirectory) throws(AgentError) {
        let header = try Self.header()
        let path = directory.path(of: Self.fileName)
        let bytes = try AgentError.wrapping { try directory.contents(of: Self.fileName) }
        let (states, policies) = bytes.map { Self.identities(in: $0, header: header) } ?? ([], [])
        let lines = [header] + states.map { "+\($0.recordText)" } + policies.map { "+\($0.recordText)" }
        let text = Array((lines.joined(separator: "\n") + "\n").utf8)
        try AgentError.wrapping { try directory.replace(Self.fileName, with: text) }
        file = try AgentError.kernel { () throws(KernelError) in
            try directory.openedFile(Self.fileName, flags: O_WRONLY)
        }
        self.path = path
        self.states = states
        self.policies = policies
        byteCount = text.count
    }

    /// What the record of a directory says that another process may have; nil where there is none.
    static func identities(
        inDirectory path: String
    ) throws(AgentError) -> (states: Set<XFRMState.ID>, policies: Set<XFRMPolicy.ID>)? {
        let file = "\(path)/\(fileName)"
        // The path is lent for the call.
        guard unsafe access(file, F_OK) == 0 else { return nil }
        let text = try AgentError.wrapping { try TextFile.contents(ofPath: file) }
        return identities(in: Array(text.utf8), header: try header())
    }

    /// Says of which run of the kernel, and of which of its network namespaces.
    private static func header() throws(AgentError) -> String {
        let cookie = km_network_namespace_cookie()
        guard cookie != 0 else { throw .kernel(.last("look at", "the network namespace")) }
        return "encryption 1 \(try BootID.read()) \(cookie)"
    }

    /// Nothing where the first line is another: that was another run. What was written last may be torn; it was not made
    /// then.
    private static func identities(
        in bytes: [UInt8], header: String
    ) -> (states: Set<XFRMState.ID>, policies: Set<XFRMPolicy.ID>) {
        var states: Set<XFRMState.ID> = []
        var policies: Set<XFRMPolicy.ID> = []
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, String(first) == header else { return (states, policies) }
        for line in lines.dropFirst().dropLast() {
            let (isAdded, text) = (line.hasPrefix("+"), line.dropFirst())
            if let state = XFRMState.ID(recordText: text) {
                if isAdded { states.insert(state) } else { states.remove(state) }
            } else if let policy = XFRMPolicy.ID(recordText: text) {
                if isAdded { policies.insert(policy) } else { policies.remove(policy) }
            }
        }
        return (states, policies)
    }

    /// Adds what is about to be made.
    mutating func add(_ states: [XFRMState.ID], _ policies: [XFRMPolicy.ID]) throws(KernelError) {
        let newStates = states.filter { !self.states.contains($0) }
        let newPolicies = policies.filter { !self.policies.contains($0) }
        try append(newStates.map { "+\($0.recordText)\n" } + newPolicies.map { "+\($0.recordText)\n" })
        self.states.formUnion(newStates)
        self.policies.formUnion(newPolicies)
    }

    /// Takes out what is there no more, or is somebody else's.
    mutating func remove(_ states: [XFRMState.ID], _ policies: [XFRMPolicy.ID]) throws(KernelError) {
        let oldStates = states.filter { self.states.contains($0) }
        let oldPolicies = policies.filter { self.policies.contains($0) }
        try append(oldStates.map { "-\($0.recordText)\n" } + oldPolicies.map { "-\($0.recordText)\n" })
        self.states.subtract(oldStates)
        self.policies.subtract(oldPolicies)
    }

    /// What cannot be written whole is cut off by the next line, which is written in its place.
    private mutating func append(_ lines: [String]) throws(KernelError) {
        guard !lines.isEmpty else { return }
        let bytes = Array(lines.joined().utf8)
        try file.write(bytes, at: byteCount, named: path)
        byteCount += bytes.count
    }
}

/// The boot id of the kernel that runs.
enum BootID {
    static let path = "/proc/sys/kernel/random/boot_id"

    static func read() throws(AgentError) -> String {
        let text = try AgentError.wrapping { try TextFile.contents(ofPath: path) }
        return String(text.prefix { !$0.isNewline })
    }
}

// MARK: Lines

extension XFRMState.ID {
    /// `state 10.0.0.2 7 0xd10001/0xffffffff`
    fileprivate var recordText: String { "state \(destination) \(spi.rawValue) \(mark.text)" }

    fileprivate init?(recordText text: Substring) {
        let words = text.split(separator: " ")
        guard words.count == 4, words[0] == "state", let destination = IPAddress(words[1]),
            let spi = Digits.decimal(words[2], as: UInt32.self), let mark = MarkSelector(text: words[3])
        else { return nil }
        self.init(destination: destination, spi: SPI(rawValue: spi), mark: mark)
    }
}

extension XFRMPolicy.ID {
    /// `policy out 0.0.0.0/0 10.244.2.0/24 - 0xe0/0xffffffff`, with a type of ICMP in the place of the hyphen.
    fileprivate var recordText: String {
        let type = selector.icmpType.map { "\($0)" } ?? "-"
        return "policy \(direction) \(selector.source) \(selector.destination) \(type) \(mark.text)"
    }

    fileprivate init?(recordText text: Substring) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0] == "policy", let direction = XFRMPolicy.Direction(rawValue: String(words[1])),
            let source = Prefix(words[2]), let destination = Prefix(words[3]), let mark = MarkSelector(text: words[5])
        else { return nil }
        let type = Digits.decimal(words[4], as: UInt8.self)
        guard type != nil || words[4] == "-" else { return nil }
        self.init(direction, XFRMSelector(source: source, destination: destination, icmpType: type), mark: mark)
    }
}

extension MarkSelector {
    /// Reads what `text` is.
    fileprivate init?(text: Substring) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, parts.allSatisfy({ $0.hasPrefix("0x") }),
            let value = UInt32(parts[0].dropFirst(2), radix: 16), let mask = UInt32(parts[1].dropFirst(2), radix: 16)
        else { return nil }
        self.init(value: value, mask: mask)
    }
}
