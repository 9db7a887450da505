import Foundation
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

extension FollowingTests {
    /// Meshes that are not Kubernetes objects: the file's name, its text, and how it says that the pod is 10.0.0.2.
    @Test(arguments: [
        (
            "config.yaml",
            """
            services: [{name: web, namespace: shop, hostname: web.local, vips: ["/10.96.0.1"], ports: {80: 8080}}]
            workloads: [{uid: a, name: web-1, namespace: shop, workloadIps: [10.0.0.1], node: node-a,
                services: {shop/web.local: {80: 8080}}}]

            """
        ),
        (
            "dump.json",
            """
            {"services": [{"name": "web", "namespace": "shop", "hostname": "web.local", "vips": ["/10.96.0.1"],
              "ports": [{"service_port": 80, "target_port": 8080}]}],
             "workloads": [{"uid": "a", "name": "web-1", "namespace": "shop", "addresses": ["10.0.0.1"],
              "node": "node-a", "services": ["shop/web.local"]}]}

            """
        ),
    ])
    func dumpsOfControlPlanesAreFollowed(name: String, text: String) throws {
        var node = try TestNode([name: text])
        try node.start()
        try node.manage()
        #expect(try node.landings("10.96.0.1:80") == ["10.0.0.1:8080"])
        try node.write(name, text.replacing("10.0.0.1", with: "10.0.0.2"))
        try node.expect("10.96.0.1:80", "10.0.0.2:8080")
    }

    @Test func questionsGoToTheDNSProxy() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1")])
        let proxy = try node.driver.listen(on: [53], .udp, in: node.pod.number)
        let server = try #require(SocketAddress("10.96.0.10:53"))
        let client = try node.driver.openDatagramSocket(in: node.pod.number)
        try node.start(["--dns-proxy", "169.254.20.10"])
        try node.manage()
        try node.driver.sendDatagram([1, 2, 3], on: client, to: server)
        let question = try node.driver.receiveDatagram(on: try #require(proxy[53])[.v4])
        #expect(question.destination == SocketAddress("169.254.20.10:53"))
        // Without the option the next agent takes the proxy out.
        try node.start()
        #expect(node.log.contains("maps written puts=0 deletes=1"))
        try node.driver.sendDatagram([1, 2, 3], on: client, to: server)
        #expect(try node.driver.receiveDatagram(on: try #require(proxy[53])[.v4]).destination == server)
    }

    @Test func presetsAndOptionsDecideWithoutEndpoint() throws {
        var node = try TestNode(["web.yaml": Manifests.web()])
        for (options, ends) in [
            ([], "error 111"), (["--option", "noEndpoint=leave"], "10.96.0.1:80"),
            (["--preset", "upstream"], "10.96.0.1:80"),
            (["--preset", "upstream", "--option", "noEndpoint=refuse"], "error 111"),
        ] {
            try node.start(options)
            if options.isEmpty { try node.manage() }
            #expect(try node.landings("10.96.0.1:80") == [ends], "\(options)")
        }
        // And upstream follows, too.
        try node.write("web.yaml", Manifests.web("10.0.0.3"))
        try node.expect("10.96.0.1:80", "10.0.0.3:8080")
        #expect(try node.landings("10.96.0.1:81") == ["10.96.0.1:81"], "a port that is not listed")
    }
}
