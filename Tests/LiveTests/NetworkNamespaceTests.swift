import KernelTestSupport
import SocketDriverProtocol
import Testing

@testable import Live

@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct NetworkNamespaceTests {
    /// Its interfaces come in several parts, and the kernel says so when they changed in between.
    @Test func aListThatChangesWhileItIsToldIsAskedForAnew() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace(isEveryAddressLocal: false)
        let commands = [
            "for n in $(seq 150); do echo link add a$n type veth peer name b$n; done | ip -batch -",
            "(for n in $(seq 60); do ip link add x type veth peer name y; ip link delete x; done) >/dev/null 2>&1 &",
        ]
        for command in commands {
            #expect(try driver.run(["sh", "-c", command], in: namespace.number).code == 0, "\(command)")
        }
        for _ in 0..<200 { #expect(throws: Never.self) { try NetworkNamespace(path: namespace.path) } }
    }
}
