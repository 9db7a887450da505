import Dispatch
import Foundation
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

/// Policies under traffic of programs that know nothing of them.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct AuthorizationTrafficTests {
    private static let allowWeb = Manifests.policy(
        "allow-web",
        "{action: ALLOW, rules: [{from: [{source: {namespaces: [shop]}}], "
            + "to: [{operation: {ports: [\"8080\", \"82\"]}}]}]}")
    /// The same connections, by other words.
    private static let allowWebOtherwise = Manifests.policy(
        "allow-web",
        "{action: ALLOW, rules: [{from: [{source: {ipBlocks: [10.1.0.0/30]}}], "
            + "to: [{operation: {notPorts: [\"81\", \"8081\"]}}]}]}")

    @Test func curlIsLetInOrKeptOut() throws {
        var scene = try AuthorizationScene(["allow.yaml": Self.allowWeb])
        try scene.startWebServer()
        try scene.node.start()
        try scene.manage()
        #expect(try scene.curl("http://10.1.0.2:8080/hello").code == 0)
        // 28: the time is up.
        #expect(try scene.curl("http://10.1.0.2:8081/hello").code == 28)
        try scene.change("deny.yaml", Manifests.denyAll)
        #expect(try scene.curl("http://10.1.0.2:8080/hello").code == 28)
        try scene.remove("deny.yaml")
        #expect(try scene.curl("http://10.1.0.2:8080/hello").code == 0)
    }

    @Test func aLongDownloadEndsWhenAPolicyForbidsIt() throws {
        var scene = try AuthorizationScene(["allow.yaml": Self.allowWeb])
        try scene.startWebServer()
        try scene.node.start()
        try scene.manage()
        let download = try scene.node.driver.start(
            [
                "curl", "-sS", "--noproxy", "*", "-o", "\(scene.node.scratch.path)/download", "--speed-limit", "1",
                "--speed-time", "2", "-w", "%{size_download}", "http://10.1.0.2:8080/long",
            ], in: scene.client.number)
        let file = "\(scene.node.scratch.path)/download"
        func size() -> Int {
            ((try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int) ?? 0
        }
        for _ in 0..<200 where size() == 0 { usleep(50_000) }
        #expect(size() > 0, "the download has begun")
        try scene.change("deny.yaml", Manifests.denyAll)
        var outcome = try scene.node.driver.look(at: download)
        for _ in 0..<300 where outcome.isRunning {
            usleep(50_000)
            outcome = try scene.node.driver.look(at: download)
        }
        // 28: nothing came for two seconds.
        #expect(outcome.code == 28, "\(String(decoding: outcome.errors, as: UTF8.self))")
        #expect(size() < AuthorizationScene.longByteCount)
    }

    /// Policies change all the time; what all of them allow goes through, what all of them forbid does not.
    @Test func connectsGetTheirVerdictWhilePoliciesChurn() throws {
        var scene = try AuthorizationScene(["allow.yaml": Self.allowWeb])
        try scene.node.start()
        try scene.manage()
        _ = try scene.node.driver.listen(on: [81], in: scene.web.number)
        let fire = try PolicyFire(from: scene.client.path, to: scene.web.path, port: 82, count: 10_000)
        var turns = 0
        var kept = 0
        while !fire.isDone {
            let text = turns.isMultiple(of: 2) ? Self.allowWebOtherwise : Self.allowWeb
            try scene.node.write("allow.yaml", text)
            turns += 1
            if turns.isMultiple(of: 5) {
                #expect(try scene.connectIn(port: 81).errno == ETIMEDOUT)
                kept += 1
            }
        }
        let outcome = try fire.outcome()
        #expect(outcome.errors == [Tally(value: 0, count: 10_000)])
        #expect(turns > 2 && kept > 0, "\(turns) changes, \(kept) connects that nobody allows")
        #expect(scene.node.log.components(separatedBy: " mesh changed").count > 2)
    }
}

extension AuthorizationScene {
    /// Bytes of what `/long` gives, at half a megabyte a second.
    static let longByteCount = 16 << 20

    /// nginx in the pod, at ports 8080 and 8081.
    mutating func startWebServer() throws {
        let path = node.scratch.path
        let long = "\(path)/long"
        #expect(FileManager.default.createFile(atPath: long, contents: Data(count: Self.longByteCount)))
        let configuration = try node.scratch.write(
            """
            daemon off;
            master_process off;
            pid \(path)/nginx.pid;
            error_log stderr;
            events { worker_connections 64; }
            http {
                access_log off;
                client_body_temp_path \(path)/body;
                proxy_temp_path \(path)/proxy;
                fastcgi_temp_path \(path)/fastcgi;
                uwsgi_temp_path \(path)/uwsgi;
                scgi_temp_path \(path)/scgi;
                server {
                    listen 10.1.0.2:8080;
                    listen 10.1.0.2:8081;
                    location /hello { return 200 "hello\\n"; }
                    location /long { root \(path); limit_rate 512k; }
                }
            }

            """, to: "nginx.conf")
        _ = try node.driver.start(
            ["nginx", "-e", "stderr", "-p", path, "-c", configuration, "-g", "user root;"], in: web.number)
        for _ in 0..<100 where try curl("http://10.1.0.2:8080/hello").code != 0 { usleep(50_000) }
    }

    mutating func curl(_ url: String) throws -> ProgramOutcome {
        try node.driver.run(["curl", "-sS", "-m", "2", "--noproxy", "*", url], in: client.number)
    }
}

/// Connects from a process of its own.
private final class PolicyFire {
    private final class Result: @unchecked Sendable {
        // Written before the group is left, read after it was waited for.
        var outcome: HammerOutcome?
        var failure: (any Error)?
    }

    private let group = DispatchGroup()
    private let result = Result()

    init(from client: String, to server: String, port: UInt16, count: Int) throws {
        let result = result
        DispatchQueue(label: "connects").async(group: group) {
            do {
                var driver = try SocketDriver()
                let from = try driver.enterNamespace(path: client)
                let to = try driver.enterNamespace(path: server)
                _ = try driver.listen(on: [port], in: to.number)
                var request = HammerRequest(
                    to: [SocketAddress(AuthorizationScene.webAddress, port: port)], count: count)
                (request.namespace, request.acceptingNamespace) = (from.number, to.number)
                result.outcome = try driver.hammer(request)
            } catch {
                result.failure = error
            }
        }
    }

    /// Whether the last connect is through; waits a little for it.
    var isDone: Bool { group.wait(timeout: .now() + .milliseconds(20)) == .success }

    func outcome() throws -> HammerOutcome {
        group.wait()
        if let failure = result.failure { throw failure }
        return try #require(result.outcome)
    }
}
