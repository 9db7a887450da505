import CLinux
import Glibc
import Inputs
import KernelTestSupport
import Model
import SocketDriverProtocol
import TestSupport
import Testing

@testable import Live

private let key = AEADKey(bytes: (0..<20).map { UInt8($0) })
private let longKey = AEADKey(bytes: (0..<36).map { UInt8($0) })

private let newStates =
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/xfrm/new-states.txt"

private func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }
private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

/// Policies of all kinds that agents have.
private func policies() throws -> [XFRMPolicy] {
    let (own, peer) = (try address("192.168.100.1"), try address("192.168.100.2"))
    let (own6, peer6) = (try address("fd00::1"), try address("fd00::2"))
    let pods = XFRMSelector(source: .everything(of: .v4), destination: try prefix("10.244.2.0/24"))
    let pods6 = XFRMSelector(source: .everything(of: .v6), destination: try prefix("fd00:2::/64"))
    var errors = pods
    errors.icmpType = 3
    var errors6 = pods6
    errors6.icmpType = 2
    let out = XFRMPolicy.Template(source: own, destination: peer, spi: SPI(rawValue: 7))
    let `in` = XFRMPolicy.Template(source: .anyV4, destination: own)
    let in6 = XFRMPolicy.Template(source: peer6, destination: own6)
    return [
        XFRMPolicy(.out, pods, mark: .exactly(.encrypt), templates: [out]),
        XFRMPolicy(.out, errors, templates: [out]),
        XFRMPolicy(.out, errors6, action: .block, templates: []),
        XFRMPolicy(.out, pods6, mark: .exactly(.encrypt), templates: [out]),
        XFRMPolicy(.in, pods, mark: .exactly(.decrypted), templates: [`in`]),
        XFRMPolicy(.fwd, pods6, mark: .exactly(.decrypted), priority: 5, templates: [in6]),
        XFRMPolicy(
            .out, XFRMSelector(source: pods6.destination, destination: pods6.source), action: .block, templates: []),
    ]
}

@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct XFRMSocketTests {
    @Test func whatIsAddedIsListed() throws {
        let socket = try XFRMSocket.inNewNamespace()
        let wanted = try policies()
        for policy in wanted { try socket.apply(.addPolicy(policy)) }
        let found = try socket.policies()
        #expect(Set(found.map(\.policy)) == Set(wanted.map { Optional($0) }))
        #expect(Set(found.map(\.id)) == Set(wanted.map(\.id)))
        for policy in wanted { try socket.apply(.deletePolicy(policy.id)) }
        #expect(try socket.policies().isEmpty)
    }

    @Test func aListOfThousandsIsWhole() throws {
        let socket = try XFRMSocket.inNewNamespace()
        for number in 0..<3000 {
            let destination = Prefix(host: .v4(0x0a00_0000 + UInt32(number)))
            let selector = XFRMSelector(source: .everything(of: .v4), destination: destination)
            try socket.apply(.addPolicy(XFRMPolicy(.out, selector, action: .block, templates: [])))
        }
        #expect(Set(try socket.policies().map(\.id)).count == 3000)
        try socket.apply(.flushPolicies)
        #expect(try socket.policies().isEmpty)
    }

    @Test func changesThatDoNotFitAreRefused() throws {
        let socket = try XFRMSocket.inNewNamespace()
        var policy = try policies()[0]
        try socket.apply(.addPolicy(policy))
        #expect(throws: KernelError("add", policy.id.description, errno: 17)) { try socket.apply(.addPolicy(policy)) }
        policy.priority = 9
        policy.action = .block
        policy.templates = []
        try socket.apply(.updatePolicy(policy))
        #expect(try socket.policies().map(\.policy) == [policy])
        try socket.apply(.deletePolicy(policy.id))
        let gone = #expect(throws: KernelError.self) { try socket.apply(.deletePolicy(policy.id)) }
        #expect(gone?.errno == 2)
        let id = XFRMState.ID(destination: try address("10.0.0.2"), spi: SPI(rawValue: 5))
        let missing = #expect(throws: KernelError.self) { try socket.apply(.deleteState(id)) }
        #expect(missing?.errno == 3, "\(String(describing: missing))")
    }

    @Test func iproute2ReadsThePoliciesAsTheyWereMeant() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace(isEveryAddressLocal: false)
        let socket = try XFRMSocket(in: Descriptor(opening: namespace.path))
        for policy in try policies() { try socket.apply(.addPolicy(policy)) }
        let outcome = try driver.run(["ip", "xfrm", "policy"], in: namespace.number)
        let text = String(decoding: outcome.output, as: UTF8.self)
        let listing = try XFRMListing(parsing: text, file: "ip xfrm policy")
        let plain = try policies().filter { $0.selector.icmpType == nil }
        #expect(Set(listing.policies).isSuperset(of: plain), "\(text)")
        #expect(text.contains("proto icmp type 3") && text.contains("proto ipv6-icmp type 2"), "\(text)")
    }

    /// What others have stays out of the way, and is not taken for ours.
    @Test func otherPoliciesAreListedWithoutContent() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace(isEveryAddressLocal: false)
        let commands = [
            "ip xfrm policy add dst 10.1.0.0/16 dir out tmpl src 1.1.1.1 dst 1.1.1.2 proto ah mode tunnel",
            "ip xfrm policy add dst 10.2.0.0/16 proto tcp dport 80 dir out action block",
        ]
        for command in commands {
            #expect(try driver.run(["sh", "-c", command], in: namespace.number).code == 0, "\(command)")
        }
        let found = try XFRMSocket(in: Descriptor(opening: namespace.path)).policies()
        #expect(found.map(\.policy) == [nil])
        #expect(found.map(\.id.selector.destination) == [try prefix("10.1.0.0/16")])
    }

    /// Where the kernel has ESP, this adds a state; elsewhere it says what is missing.
    @Test func aKernelWithoutTheCipherIsTold() throws {
        do throws(KernelError) {
            try XFRMSocket.probe([.v4, .v6])
        } catch {
            #expect(error.isMissingCipher, "\(error)")
            let shown = AgentError.missingCipher(error)
            #expect(shown.isMissingPrivilege && shown.description.contains("esp4"))
        }
    }
}

@Test(arguments: ["hardened", "upstream", "udp"])
func statesAreAddedAsIproute2AddsThem(_ name: String) throws {
    let lines = try TextFile.contents(ofPath: newStates).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("\(name) ") })
    let expected = try #require(Digits.bytes(ofHexadecimal: line.dropFirst(name.count + 1)))
    let (own, peer) = (try address("10.0.0.1"), try address("10.0.0.2"))
    var state: XFRMState
    switch name {
    case "hardened":
        state = XFRMState(
            source: own, destination: peer, spi: SPI(rawValue: 2), key: try #require(longKey),
            mark: .exactly(.received(fromPeer: 1)), outputMark: .decrypted, replayWindow: 64,
            hasExtendedSequence: true, takesEitherFamily: true)
    case "upstream":
        state = XFRMState(
            source: try address("fd00::1"), destination: try address("fd00::2"), spi: SPI(rawValue: 7),
            key: try #require(AEADKey(bytes: (0..<20).map { UInt8($0) }, icvByteCount: 12)))
    default:
        state = XFRMState(
            source: own, destination: peer, spi: SPI(rawValue: 2), key: try #require(key), replayWindow: 32,
            encapsulation: UDPEncapsulation(destinationPort: 4501))
    }
    var wanted = km_xfrm_state(state)
    var bytes = [UInt8](repeating: 0, count: 2048)
    // In bounds: the call is told the array's size.
    let count = unsafe km_xfrm_encoded_state(&wanted, &bytes, bytes.count)
    let own16 = Digits.hexadecimal(Array(bytes[16..<count]))
    #expect(own16 == Digits.hexadecimal(expected))
}

@Test func countersAreReadByTheirNames() {
    let counts = XFRMCounter.counts(parsing: "XfrmInError             \t0\nXfrmOutNoStates \t12\nXfrmNew 3\n")
    #expect(counts == [.inError: 0, .outNoStates: 12])
    for counter in XFRMCounter.allCases { #expect(".?".contains(counter.meaning.last ?? " ")) }
}

extension Descriptor {
    /// Opens a file to be read.
    init(opening path: String) throws {
        let raw = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { throw KernelError.last("open", path) }
        self.init(adopting: raw)
    }
}
