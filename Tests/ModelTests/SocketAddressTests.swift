import Model
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: ["10.0.0.1:80", "0.0.0.0:0", "[::1]:65535", "[fd00::1]:443", "[::ffff:10.0.0.1]:1"])
    func textLeadsBack(text: String) { #expect(SocketAddress(text)?.description == text) }

    @Test(arguments: [
        "", ":80", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:+80", "10.0.0.1:-0",
        "10.0.0.1:x", "[10.0.0.1]:80", "::1:80", "[::1]",
        "[::1]80", "[::1:80", "::1]:80", "[]:80",
    ])
    func badTextIsRefused(text: String) { #expect(SocketAddress(text) == nil) }

    @Test func orderIsByAddressThenPort() {
        let sorted = ["10.0.0.1:2", "10.0.0.1:10", "10.0.0.2:1", "[::]:1"].compactMap { SocketAddress($0) }
        #expect(sorted.count == 4 && sorted.reversed().sorted() == sorted)
    }
}
