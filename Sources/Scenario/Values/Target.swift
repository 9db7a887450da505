import Model

/// A host as a scenario names it.
public enum Host: Hashable, Sendable {
    case address(IPAddress)
    /// A pod, a workload or a service: `reviews`, `reviews.default`, a full hostname. The runner looks it up.
    case name(String)
}

extension Host: CustomStringConvertible {
    /// The address or the name.
    public var description: String {
        switch self {
        case .address(let address): "\(address)"
        case .name(let name): name
        }
    }
}

/// Where a program connects to or asks: a host and a port (host order, never 0).
public struct Target: Hashable, Sendable {
    public var host: Host
    public var port: UInt16

    public init(_ host: Host, port: UInt16) {
        self.host = host
        self.port = port
    }
}

extension Target: CustomStringConvertible {
    /// `reviews:9080`, `10.0.0.1:80` or `[fd00::1]:80`.
    public var description: String { TargetPattern(host, port: port).description }
}

/// A host with or without a port, for comparing: without, every port is right.
public struct TargetPattern: Hashable, Sendable {
    public var host: Host
    /// Host order, never 0; nil for any.
    public var port: UInt16?

    public init(_ host: Host, port: UInt16? = nil) {
        self.host = host
        self.port = port
    }
}

extension TargetPattern: CustomStringConvertible {
    public var description: String {
        guard let port else { return host.description }
        if case .address(let address) = host { return SocketAddress(address, port: port).description }
        return "\(host):\(port)"
    }
}

extension TargetPattern {
    /// Why a text names no host, as the end of a sentence that begins with the text.
    public struct Problem: Error {
        public var text: String
    }

    /// Reads `host`, `host:port` or `[v6]:port`; an IPv6 address without port needs no brackets.
    public init(parsing text: String) throws(Problem) {
        if let address = IPAddress(text) {
            self.init(.address(address))
            return
        }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]"), let address = IPAddress(text[..<end].dropFirst()),
                address.family == .v6
            else { throw Problem(text: "has no IPv6 address in its brackets") }
            let rest = text[end...].dropFirst()
            guard !rest.isEmpty else {
                self.init(.address(address))
                return
            }
            guard rest.first == ":" else { throw Problem(text: "must have a colon after the bracket") }
            self.init(.address(address), port: try Self.port(rest.dropFirst()))
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            throw Problem(text: "is no IPv6 address; with a port it is written as [fd00::1]:80")
        }
        let host = try Self.host(parts[0])
        self.init(host, port: parts.count == 2 ? try Self.port(parts[1]) : nil)
    }

    private static func host(_ text: Substring) throws(Problem) -> Host {
        if let address = IPAddress(text) { return .address(address) }
        guard !text.isEmpty else { throw Problem(text: "names no host") }
        guard text.contains(where: { !($0.isNumber || $0 == ".") }) else {
            throw Problem(text: "is no IPv4 address")
        }
        guard !text.contains(where: { $0.isWhitespace || "[],{}".contains($0) }) else {
            throw Problem(text: "is no name; names have no spaces and no brackets")
        }
        return .name(String(text))
    }

    private static func port(_ text: Substring) throws(Problem) -> UInt16 {
        guard let port = Digits.decimal(text, as: UInt16.self), port > 0 else {
            throw Problem(text: "must end in a port from 1 to 65535")
        }
        return port
    }
}
