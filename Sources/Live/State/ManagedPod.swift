public import Model

/// A pod that the agent was told to take into the mesh, and what it takes to let it go again.
public struct ManagedPod: Hashable, Sendable {
    public var namespace: String
    public var name: String
    /// Of its network namespace, such as `/run/netns/p1` or `/proc/4711/ns/net`.
    public var netnsPath: String
    /// The file's inode: the path may have come to name another namespace since.
    public var netnsInode: UInt64
    /// As the kernel's programs know the namespace.
    public var netnsCookie: UInt64
    /// The interface in the pod, nil where it is not known.
    public var interface: String?
    /// Its other end on the node, nil where there is none.
    public var peerInterface: String?
    public var addresses: [IPAddress]

    public init(
        namespace: String, name: String, netnsPath: String, netnsInode: UInt64, netnsCookie: UInt64,
        interface: String? = nil, peerInterface: String? = nil, addresses: [IPAddress] = []
    ) {
        self.namespace = namespace
        self.name = name
        self.netnsPath = netnsPath
        self.netnsInode = netnsInode
        self.netnsCookie = netnsCookie
        self.interface = interface
        self.peerInterface = peerInterface
        self.addresses = addresses
    }
}

extension ManagedPod {
    /// Fields in the order of a line; the last may be repeated.
    private static let keys = ["namespace", "pod", "netns", "inode", "cookie", "interface", "peer", "address"]

    /// `namespace=… pod=… netns=… inode=… cookie=… interface=… peer=… address=…`, without the line's end. Unknown
    /// interfaces are left out, addresses repeated. Spaces, controls, `%` and what is not ASCII are written as `%XX`.
    var line: String {
        var fields = [("namespace", namespace), ("pod", name), ("netns", netnsPath)]
        fields += [("inode", "\(netnsInode)"), ("cookie", "\(netnsCookie)")]
        if let interface { fields.append(("interface", interface)) }
        if let peerInterface { fields.append(("peer", peerInterface)) }
        fields += addresses.map { ("address", $0.description) }
        return fields.map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: " ")
    }

    /// Reads a line.
    /// - Throws: what is wrong with it.
    init(line: String) throws(ManagedPodLineError) {
        var values: [String: String] = [:]
        var addresses: [IPAddress] = []
        var last = 0
        for field in line.split(separator: " ", omittingEmptySubsequences: false) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let place = Self.keys.firstIndex(of: String(parts[0])) else {
                throw ManagedPodLineError("\"\(field)\" is no field; expected: \(Self.keys.joined(separator: ", "))")
            }
            guard let value = Self.unescaped(parts[1]) else {
                throw ManagedPodLineError("\"\(field)\" is badly escaped")
            }
            if parts[0] == "address" {
                guard let address = IPAddress(value) else { throw ManagedPodLineError("\"\(value)\" is no address") }
                addresses.append(address)
            } else {
                guard values.isEmpty || place > last else {
                    throw ManagedPodLineError("\(parts[0]) is repeated or out of order")
                }
                values[String(parts[0])] = value
            }
            guard place >= last else { throw ManagedPodLineError("\(parts[0]) is out of order") }
            last = place
        }
        func value(_ key: String) throws(ManagedPodLineError) -> String {
            guard let value = values[key], !value.isEmpty else { throw ManagedPodLineError("\(key) is missing") }
            return value
        }
        func number(_ key: String) throws(ManagedPodLineError) -> UInt64 {
            guard let number = Digits.decimal(try value(key), as: UInt64.self) else {
                throw ManagedPodLineError("\(key) must be a number")
            }
            return number
        }
        self.init(
            namespace: try value("namespace"), name: try value("pod"), netnsPath: try value("netns"),
            netnsInode: try number("inode"), netnsCookie: try number("cookie"), interface: values["interface"],
            peerInterface: values["peer"], addresses: addresses)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21..<0x7f).contains(byte) && byte != UInt8(ascii: "%")
    }

    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                let (high, low) = Digits.hexadecimal(of: byte)
                bytes += [UInt8(ascii: "%"), high, low]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func unescaped(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(Digits.value(ofHexadecimal:)),
                    let low = rest.popFirst().flatMap(Digits.value(ofHexadecimal:))
                else { return nil }
                bytes.append(high << 4 | low)
            } else {
                guard isPlain(byte) else { return nil }
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// What is wrong with a line of the managed pods.
struct ManagedPodLineError: Error, Hashable, Sendable {
    let message: String

    init(_ message: String) { self.message = message }
}
