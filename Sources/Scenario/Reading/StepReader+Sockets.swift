import Inputs
import Model

extension StepReader {
    /// Reads `connect`, and remembers the socket that it keeps.
    mutating func connect(_ node: DocumentNode) throws(InputError) -> Connect {
        var section = try Section<ConnectKey>(node, file: file, what: "connect")
        try section.exclude(.from, .node, because: "one caller connects")
        try section.exclude(.keep, .reuse, because: "a socket is new or it is not")
        try section.exclude(.mapped, .family, because: "a mapped address needs an IPv6 socket anyway")
        let reused = try section.name(.reuse)
        let original = try reused.map { name throws(InputError) in try connection(name) }
        let toNode = try section.required(.to)
        let target = Located(try section.scalar(.to).target(toNode), at: Place(file, toNode.position))
        var connect = Connect(
            caller: try caller(&section, reusing: original), target: target,
            transport: try transport(&section, reusing: original), addressing: .ofTarget,
            repeatCount: try section.integer(.repeat, in: 1...Connect.repeatLimit) ?? 1,
            socket: reused.map { .reuse($0) } ?? .once)
        try setAddressing(of: &connect, from: &section, reusing: original)
        if let name = try section.name(.keep) {
            if connect.repeatCount > 1 {
                throw section.place(of: .keep).error("\"keep\" beside \"repeat\"; only one socket can have the name")
            }
            connect.socket = .keep(name)
            try sockets.keep(name, for: .connect(connect))
        }
        try section.finish()
        return connect
    }

    /// The step that kept a socket.
    private func connection(_ name: Located<String>) throws(InputError) -> Connect {
        switch try sockets.owner(name) {
        case .connect(let connect): return connect
        case .dns: throw name.error("socket \"\(name.value)\" belongs to a dns step and cannot connect")
        }
    }

    private func caller(
        _ section: inout Section<ConnectKey>, reusing original: Connect?
    ) throws(InputError) -> Connect.Caller {
        let workload = try section.name(.from)
        let node = try section.name(.node)
        guard let name = workload ?? node else {
            guard let original else {
                throw section.place.error(
                    "\"from\" (a workload) or \"node\" (a process outside every pod) is missing here")
            }
            return original.caller
        }
        let caller: Connect.Caller = workload != nil ? .workload(name) : .nodeProcess(node: name)
        if let original {
            let isSame =
                switch (caller, original.caller) {
                case (.workload(let a), .workload(let b)), (.nodeProcess(let a), .nodeProcess(let b)):
                    a.value == b.value
                default: false
                }
            guard isSame else { throw name.error("the socket belongs to \(original.caller.name.value)") }
        }
        return caller
    }

    private func transport(
        _ section: inout Section<ConnectKey>, reusing original: Connect?
    ) throws(InputError) -> Connect.Transport {
        let transport: Connect.Transport? = try section.choice(.protocol)
        if let transport, let original, transport != original.transport {
            throw section.place(of: .protocol).error("the socket is a \(original.transport.rawValue) socket")
        }
        return transport ?? original?.transport ?? .tcp
    }

    /// Works out the family from what is written, from a literal target, and from the socket that is reused.
    private func setAddressing(
        of connect: inout Connect, from section: inout Section<ConnectKey>, reusing original: Connect?
    ) throws(InputError) {
        let mapped = try section.boolean(.mapped)
        let family: FamilyWord? = try section.choice(.family)
        switch family {
        case .v4?: connect.addressing = .v4
        case .v6?: connect.addressing = .v6
        case nil: connect.addressing = mapped == true ? .mapped : .ofTarget
        }
        if case .address(let literal) = connect.target.value.host {
            connect.target.value.host = .address(literal.unmapped)
            let isOnV6Socket = original?.socketFamily == .v6
            switch (literal.isMapped, literal.family) {
            case (true, _):
                if mapped == false || family == .v4 {
                    throw connect.target.error("\(literal) is a mapped address, and needs an IPv6 socket")
                }
                connect.addressing = .mapped
            case (false, .v4):
                if family == .v6 {
                    throw connect.target.error(
                        "\(literal) is an IPv4 address; an IPv6 socket calls it with \"mapped: true\"")
                }
                let isMapped = mapped ?? (isOnV6Socket && family == nil)
                connect.addressing = isMapped ? .mapped : .v4
            case (false, .v6):
                if mapped == true || family == .v4 { throw connect.target.error("\(literal) is an IPv6 address") }
                connect.addressing = .v6
            }
        } else if let original, connect.addressing == .ofTarget, mapped == nil {
            connect.addressing = original.addressing
        }
        if let socket = original?.socketFamily, let wanted = connect.socketFamily, socket != wanted {
            throw connect.target.error("the socket is an IPv\(socket == .v4 ? 4 : 6) socket")
        }
    }

    /// Reads `send`; the socket must be open.
    func send(_ node: DocumentNode) throws(InputError) -> Send {
        var section = try Section<SendKey>(node, file: file, what: "send")
        let socket = try section.requiredName(.socket)
        if case .dns = try sockets.owner(socket) {
            throw socket.error("socket \"\(socket.value)\" belongs to a dns step; ask with another dns step")
        }
        try section.exclude(.payload, .hex, because: "the bytes are given once")
        let payload: [UInt8]
        if let hex = section.node(.hex) {
            payload = try section.scalar(.hex).bytes(hex)
        } else if let text = try section.string(.payload) {
            payload = Array(text.utf8)
            if payload.isEmpty { throw section.place(of: .payload).error("\"payload\" is empty") }
        } else {
            throw section.place.error("\"payload\" (text) or \"hex\" (bytes) is missing here")
        }
        let hasNoMemory = try section.boolean(.noMemory) ?? false
        try section.finish()
        return Send(socket: socket, payload: payload, hasNoMemory: hasNoMemory)
    }
}

extension StepReader {
    /// Reads `dns`, and remembers the socket that it names.
    mutating func dns(_ node: DocumentNode) throws(InputError) -> DNSExchange {
        var section = try Section<DNSKey>(node, file: file, what: "dns")
        let from = try section.name(.from)
        let name = try section.name(.socket)
        let client: Located<String>
        var socket = DNSExchange.SocketUse.once
        if let name, sockets.contains(name.value) {
            guard case .dns(let owner) = try sockets.owner(name) else {
                throw name.error("socket \"\(name.value)\" belongs to a connect step; take another name")
            }
            if let from, from.value != owner.value { throw from.error("the socket belongs to \(owner.value)") }
            client = from ?? owner
            socket = .reuse(name)
        } else {
            guard let from else { throw section.place.error("\"from\" is missing here") }
            client = from
            if let name {
                socket = .keep(name)
                try sockets.keep(name, for: .dns(client: client))
            }
        }
        let exchange = DNSExchange(client: client, socket: socket, traffic: try traffic(&section))
        try section.finish()
        return exchange
    }

    private func traffic(_ section: inout Section<DNSKey>) throws(InputError) -> DNSExchange.Traffic {
        for key in [DNSKey.server, .port, .reply] {
            try section.exclude(.unsolicited, key, because: "nobody asked for the datagram")
        }
        if let node = section.node(.unsolicited) {
            guard case .address(let address) = try section.scalar(.unsolicited).target(node).host,
                let port = try section.scalar(.unsolicited).pattern(node).port
            else { throw section.scalar(.unsolicited).error(node, mustBe: "address:port") }
            try section.scalar(.unsolicited).requireDNSFamily(address, node)
            return .unsolicited(from: SocketAddress(address, port: port))
        }
        guard let node = section.node(.server) else {
            throw section.place.error("\"server\" or \"unsolicited\" is missing here")
        }
        let pattern = try section.scalar(.server).pattern(node)
        if let port = pattern.port {
            throw section.scalar(.server).place(node).error("\"server\" names a host only; write \"port: \(port)\"")
        }
        let port = UInt16(try section.integer(.port, in: 1...65535) ?? 53)
        let target = Located(Target(pattern.host, port: port), at: Place(file, node.position))
        return .question(to: target, isAnswered: try section.boolean(.reply) ?? true)
    }
}
