import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct ConnectionTests {
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
        var request = ConnectRequest(to: try #require(SocketAddress(c.0)), in: namespace)
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
        try driver.close(outcome.socket, .graceful)
        #expect(throws: DriverError.self) { try driver.state(of: accepted.socket) }
    }
}
