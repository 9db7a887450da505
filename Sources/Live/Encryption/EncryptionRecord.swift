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

    /// For each 256 identities: twice what they take at most.
    private static let compactionByteCount = 1 << 16

    private(set) var states: Set<XFRMState.ID> = []
    private(set) var policies: Set<XFRMPolicy.ID> = []
    private let header: Header
    private let path: String
    /// Open for appending, at its end.
    private var file: Descriptor
    private var byteCount: Int

    /// Reads the record, and writes it anew without what was taken out.
    init(in directory: borrowing StateDirectory) throws(AgentError) {
        let header = try Header.current()
        let path = directory.path(of: Self.fileName)
        let bytes = try AgentError.wrapping { try directory.contents(of: Self.fileName) } ?? []
        let (states, policies) = try Self.identities(in: bytes, header, file: path)
        let text = Self.text(header, states, policies)
        try AgentError.wrapping { try directory.replace(Self.fileName, with: text) }
        file = try AgentError.kernel { () throws(KernelError) in
            try directory.openedFile(Self.fileName, flags: O_WRONLY)
        }
        self.header = header
        self.path = path
        self.states = states
        self.policies = policies
        byteCount = text.count
    }

    /// What the record of a directory says that another process may have; nil where there is none.
    /// - Throws: also where it is of another network namespace, and names something there.
    static func identities(
        inDirectory path: String
    ) throws(AgentError) -> (states: Set<XFRMState.ID>, policies: Set<XFRMPolicy.ID>)? {
        let file = "\(path)/\(fileName)"
        // The path is lent for the call.
        guard unsafe access(file, F_OK) == 0 else { return nil }
        let text = try AgentError.wrapping { try TextFile.contents(ofPath: file) }
        return try identities(in: Array(text.utf8), try Header.current(), file: file)
    }

    /// Refuses to leave in force what nobody would look after: a node that is not to encrypt.
    static func refuseLeftovers(inDirectory path: String) throws(AgentError) {
        guard let ours = try identities(inDirectory: path), !ours.states.isEmpty || !ours.policies.isEmpty else {
            return
        }
        throw .refused(
            "\(ours.states.count) IPsec states and \(ours.policies.count) policies of an agent that encrypted are in "
                + "force, and would block or lose packets with nobody to renew them; give --encryption-key, or remove "
                + "them first: kmesh-live detach --state-dir \(path)")
    }

    /// Of which run of the kernel a record is, and of which of its network namespaces.
    private struct Header: Hashable, Sendable {
        var bootID: String
        var cookie: String

        var text: String { "encryption 1 \(bootID) \(cookie)" }

        init?(_ line: Substring) {
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "encryption", words[1] == "1" else { return nil }
            (bootID, cookie) = (String(words[2]), String(words[3]))
        }

        private init(bootID: String, cookie: UInt64) {
            self.bootID = bootID
            self.cookie = "\(cookie)"
        }

        /// Of this process.
        static func current() throws(AgentError) -> Header {
            let cookie = km_network_namespace_cookie()
            guard cookie != 0 else { throw .kernel(.last("look at", "the network namespace")) }
            return Header(bootID: try BootID.read(), cookie: cookie)
        }
    }

    private static func text(_ header: Header, _ states: Set<XFRMState.ID>, _ policies: Set<XFRMPolicy.ID>) -> [UInt8] {
        let lines = [header.text] + states.map { "+\($0.recordText)" } + policies.map { "+\($0.recordText)" }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// Nothing of another run of the kernel. What was written last may be torn; it was not made then.
    /// - Throws: where it names something of another network namespace, which would be forgotten.
    private static func identities(
        in bytes: [UInt8], _ current: Header, file: String
    ) throws(AgentError) -> (states: Set<XFRMState.ID>, policies: Set<XFRMPolicy.ID>) {
        var states: Set<XFRMState.ID> = []
        var policies: Set<XFRMPolicy.ID> = []
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard let header = lines.first.flatMap({ Header($0) }), header.bootID == current.bootID else {
            return (states, policies)
        }
        for line in lines.dropFirst().dropLast() {
            let (isAdded, text) = (line.hasPrefix("+"), line.dropFirst())
            if let state = XFRMState.ID(recordText: text) {
                if isAdded { states.insert(state) } else { states.remove(state) }
            } else if let policy = XFRMPolicy.ID(recordText: text) {
                if isAdded { policies.insert(policy) } else { policies.remove(policy) }
            }
        }
        guard header.cookie == current.cookie || states.isEmpty && policies.isEmpty else {
            throw .refused(
                "\(file) names IPsec states and policies of another network namespace (cookie \(header.cookie); this "
                    + "one's is \(current.cookie)): run the command there, or remove the file if that one is gone")
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

    /// What cannot be written whole is cut off again. A file that is mostly of things that are gone is written anew.
    private mutating func append(_ lines: [String]) throws(KernelError) {
        guard !lines.isEmpty else { return }
        if byteCount > Self.compactionByteCount * (1 + (states.count + policies.count) / 256) { try compact() }
        let bytes = Array(lines.joined().utf8)
        do throws(KernelError) {
            try file.write(bytes, at: byteCount, named: path)
        } catch {
            try file.truncate(to: byteCount, named: path)
            throw error
        }
        byteCount += bytes.count
    }

    private mutating func compact() throws(KernelError) {
        let text = Self.text(header, states, policies)
        try ReplacedFile.write(text, to: path, mode: 0o600)
        // The path is lent for the call.
        let raw = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard raw >= 0 else { throw .last("open", path) }
        file = Descriptor(adopting: raw)
        byteCount = text.count
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
