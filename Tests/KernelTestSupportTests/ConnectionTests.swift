import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

/// The suites' condition; skipped tests show the reason.
let needsKernel: any SuiteTrait & TestTrait = .enabled(
    if: KernelPrivilege.isAvailable, Comment(rawValue: KernelPrivilege.absence))

/// An address of the tests.
func end(_ text: String) throws -> SocketAddress { try #require(SocketAddress(text)) }

@Suite(needsKernel) struct ConnectionTests {
    @Test(arguments: [
        ("10.1.2.3:80", AddressFamily.v4, "10.1.2.3:80"),
        ("0.0.0.0:80", .v4, "127.0.0.1:80"),
        ("10.1.2.3:80", .v6, "[::ffff:10.1.2.3]:80"),
        ("[fd00::1]:80", .v6, "[fd00::1]:80"),
        ("[2001:db8::7]:8080", .v6, "[2001:db8::7]:8080"),
    ])
    func everyAddressIsAnsweredByTheWildcardListener(_ c: (String, AddressFamily, String)) throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        _ = try driver.listen(on: [80, 8080], in: namespace)
        var request = ConnectRequest(to: try end(c.0), in: namespace)
        request.family = c.1
        let outcome = try driver.connect(request)
        #expect(outcome.errno == 0)
        #expect(outcome.state.remoteEnd == SocketAddress(c.2))
        #expect(outcome.state.tcpState == 1)
        #expect(outcome.state.storage == nil)
        let accepted = try #require(outcome.accepted)
        #expect(accepted.localEnd.address == outcome.state.remoteEnd?.address.unmapped)
        #expect(accepted.remoteEnd.port == outcome.state.localEnd.port)
        #expect(accepted.cookie != outcome.state.cookie)

        try driver.send(Array("to the server".utf8), on: outcome.socket)
        #expect(try driver.receive(exactly: 13, on: accepted.socket) == Array("to the server".utf8))
        try driver.send(Array("and back".utf8), on: accepted.socket)
        #expect(try driver.receive(atMost: 100, on: outcome.socket) == Array("and back".utf8))
    }

    @Test(arguments: [Ending.graceful, .reset], [false, true])
    func aCloseEndsBothSockets(_ ending: Ending, isByServer: Bool) throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        _ = try driver.listen(on: [80], in: namespace)
        let outcome = try driver.connect(ConnectRequest(to: try end("10.0.0.1:80"), in: namespace))
        let accepted = try #require(outcome.accepted?.socket)
        // Unread bytes would turn a close(2) into a reset.
        try driver.send([1, 2, 3], on: outcome.socket)
        try driver.close(isByServer ? accepted : outcome.socket, ending)
        for socket in [outcome.socket, accepted] {
            #expect(throws: DriverError.self) { try driver.state(of: socket) }
        }
    }

    @Test func silenceIsAnErrorAndLittleIsNot() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        let listeners = try driver.listen(on: [80], in: namespace)
        var request = ConnectRequest(to: try end("10.0.0.1:80"), in: namespace)
        request.acceptingNamespace = nil
        let client = try driver.connect(request)
        #expect(client.accepted == nil)
        let accepted = try driver.accept(try #require(listeners[80]).v4)
        #expect(accepted.remoteEnd == client.state.localEnd)
        #expect(errno { try driver.receive(atMost: 1, on: accepted.socket, timeoutMilliseconds: 20) } == ETIMEDOUT)
        try driver.send([7], on: client.socket)
        #expect(try driver.receive(exactly: 2, on: accepted.socket, timeoutMilliseconds: 20) == [7])
    }

    @Test func aRefusedSocketCanConnectAgain() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        _ = try driver.listen(on: [80], in: namespace)
        var request = ConnectRequest(to: try end("10.0.0.1:81"), in: namespace)
        let refused = try driver.connect(request)
        #expect(refused.errno == ECONNREFUSED)
        #expect(refused.state.remoteEnd == nil)
        request.socket = refused.socket
        request.destination = try end("10.0.0.1:80")
        let first = try driver.connect(request)
        #expect(first.errno == 0)
        #expect(try driver.connect(request).errno == EISCONN)

        try driver.disconnect(first.socket)
        #expect(try driver.state(of: first.socket).tcpState == 7)
        request.destination = try end("10.0.0.2:80")
        let second = try driver.connect(request)
        #expect(second.state.remoteEnd == request.destination)
        #expect(second.state.cookie == refused.state.cookie)
    }

    @Test(arguments: ["10.9.9.9:4000", "[fd00::9]:4001"])
    func aClientCanHaveAnyAddress(_ localEnd: String) throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        _ = try driver.listen(on: [80], in: namespace)
        let localEnd = try end(localEnd)
        var request = ConnectRequest(
            to: SocketAddress(localEnd.address.advanced(by: 1), port: 80), in: namespace, ending: .reset)
        request.localEnd = localEnd
        // The port is free again at once.
        for _ in 0..<20 {
            let accepted = try driver.connect(request).accepted
            #expect(accepted?.remoteEnd == localEnd)
        }
    }

    @Test func aConnectThatNobodyAnswersTimesOut() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace(isEveryAddressLocal: false).number
        let setUp = """
            ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
            ip address add 10.9.0.1/24 dev v0
            """
        #expect(try driver.run(["sh", "-c", setUp], in: namespace).code == 0)
        var request = ConnectRequest(to: try end("10.9.0.2:80"), in: namespace)
        request.timeoutMilliseconds = 50
        #expect(try driver.connect(request).errno == ETIMEDOUT)
        request.destination = try end("10.8.0.1:80")
        #expect(try driver.connect(request).errno == ENETUNREACH)
    }

    @Test(arguments: [Ending.reset, .graceful])
    func aThousandConnectsTakeLittleTime(_ ending: Ending) throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        _ = try driver.listen(on: [80], in: namespace)
        let request = ConnectRequest(to: try end("10.0.0.1:80"), in: namespace, ending: ending)
        let time = try ContinuousClock().measure {
            for _ in 0..<1000 {
                let accepted = try driver.connect(request).accepted
                #expect(accepted != nil)
            }
        }
        #expect(time < .seconds(2))
    }

    @Test func aHammerCountsErrorsAndRemoteEnds() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        _ = try driver.listen(on: [80], in: namespace)
        let ends = try [end("10.0.0.1:80"), end("10.0.0.2:80"), end("10.0.0.1:81")]
        var request = HammerRequest(to: ends, count: 300)
        request.namespace = namespace
        request.acceptingNamespace = namespace
        let outcome = try driver.hammer(request)
        #expect(outcome.errors == [Tally(value: 0, count: 200), Tally(value: ECONNREFUSED, count: 100)])
        #expect(outcome.remoteEnds == [Tally(value: ends[0], count: 100), Tally(value: ends[1], count: 100)])
        #expect(0 < outcome.minimumNanoseconds && outcome.minimumNanoseconds <= outcome.p50Nanoseconds)
        #expect(outcome.p50Nanoseconds <= outcome.p90Nanoseconds && outcome.p90Nanoseconds <= outcome.p99Nanoseconds)
    }
}

/// The error number with which a request fails; nil if it does not.
func errno(_ body: () throws -> some Any) -> Int32? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? DriverError)?.errno
    }
}
