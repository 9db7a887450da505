import Foundation
import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

@Suite(needsKernel) struct SurroundingsTests {
    @Test func namespacesAreApart() throws {
        var driver = try SocketDriver()
        let (first, second) = (try driver.makeNamespace(), try driver.makeNamespace())
        #expect(first.cookie != second.cookie)
        _ = try driver.listen(on: [80], in: first.number)
        let request = ConnectRequest(to: try end("10.0.0.1:80"), in: second.number)
        #expect(try driver.connect(request).errno == ECONNREFUSED)
        _ = try driver.listen(on: [80], in: second.number)
        let outcome = try driver.connect(request)
        #expect(outcome.errno == 0)

        try driver.leaveNamespace(second.number)
        #expect(errno { try driver.state(of: outcome.socket) } == EBADF)
        #expect(errno { try driver.connect(request) } == ESRCH)
    }

    @Test func anotherProcessCanEnterANamespaceByPath() throws {
        var owner = try SocketDriver()
        let made = try owner.makeNamespace()
        _ = try owner.listen(on: [80], in: made.number)
        var guest = try SocketDriver()
        let entered = try guest.enterNamespace(path: made.path)
        #expect(entered.cookie == made.cookie)
        #expect(try guest.connect(ConnectRequest(to: try end("10.0.0.1:80"), in: entered.number)).errno == 0)
        #expect(errno { try guest.enterNamespace(path: "/nowhere") } == ENOENT)
    }

    @Test func theHelperJoinsTheCgroupWhichGoesWithTheValue() throws {
        let directory = try withCgroup { cgroup in
            var driver = try SocketDriver(inCgroup: cgroup.directory)
            let members = try String(contentsOfFile: "\(cgroup.directory)/cgroup.procs", encoding: .utf8)
            #expect(members == "\(driver.process)\n")
            // What is left behind in the cgroup, or below it, is killed.
            try FileManager.default.createDirectory(
                atPath: "\(cgroup.directory)/inner", withIntermediateDirectories: false)
            let stray = try driver.run(
                ["sh", "-c", "setsid sleep 100 & echo $! > \"$0\"", "\(cgroup.directory)/inner/cgroup.procs"],
                in: .original)
            #expect(stray.code == 0, "\(String(decoding: stray.errors, as: UTF8.self))")
            return cgroup.directory
        }
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    private func withCgroup(_ body: (borrowing TestCgroup) throws -> String) throws -> String {
        let cgroup = try TestCgroup()
        return try body(cgroup)
    }

    @Test func thePinDirectoryGoesWithTheValue() throws {
        let path = try pathOfAPinDirectory()
        #expect(path.hasPrefix("/sys/fs/bpf/"))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private func pathOfAPinDirectory() throws -> String {
        let pins = try TestPinDirectory()
        try FileManager.default.createDirectory(atPath: "\(pins.path)/inner", withIntermediateDirectories: false)
        var driver = try SocketDriver()
        let map = "\(pins.path)/inner/map"
        let make = ["bpftool", "map", "create", map, "type", "hash", "key", "4", "value", "4", "entries", "1"]
        let made = try driver.run(make + ["name", "km_test"], in: .original)
        #expect(made.code == 0, "\(String(decoding: made.errors, as: UTF8.self))")
        // Another kind of map than that of the sockets' storage.
        #expect(errno { try driver.useStorageMap(map) } == EINVAL)
        #expect(errno { try driver.useStorageMap("\(pins.path)/none") } == ENOENT)
        return pins.path
    }
}

@Suite(needsKernel) struct ProgramTests {
    @Test func aProgramRunsInTheNamespace() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        let script = "cat; cat /proc/net/dev | wc -l; echo wrong >&2; exit 3"
        let outcome = try driver.run(["sh", "-c", script], input: Array("in\n".utf8), in: namespace)
        // Two lines of titles and the loopback device; some kernels put tunnel devices into every namespace.
        #expect(String(decoding: outcome.output, as: UTF8.self).hasPrefix("in\n"))
        #expect(outcome.errors == Array("wrong\n".utf8))
        #expect(outcome.code == 3 && !outcome.isRunning)
        #expect(errno { try driver.run(["/no/such/program"], in: namespace) } == ENOENT)
        #expect(try driver.run(["sleep", "9"], in: namespace, timeoutMilliseconds: 20).code == 128 + SIGKILL)
    }

    @Test func aProgramsConnectionIsAccepted() throws {
        var driver = try SocketDriver()
        let namespace = try driver.makeNamespace().number
        let listeners = try #require(try driver.listen(on: [80], in: namespace)[80])
        let program = try driver.start(
            ["bash", "-c", "exec 3<>/dev/tcp/10.4.5.6/80; echo hello >&3; cat <&3"], in: namespace)
        let accepted = try driver.accept(listeners.v4)
        #expect(accepted.localEnd == (try end("10.4.5.6:80")))
        #expect(try driver.receive(exactly: 6, on: accepted.socket) == Array("hello\n".utf8))
        #expect(try driver.look(at: program).isRunning)
        // A connect of our own goes past the program's connections.
        #expect(try driver.connect(ConnectRequest(to: try end("10.4.5.6:80"), in: namespace)).accepted != nil)
        #expect(try driver.stop(program).code == 128 + SIGTERM)
        #expect(errno { try driver.look(at: program) } == ESRCH)
        // The end of the stream.
        #expect(try driver.receive(atMost: 1, on: accepted.socket) == [])
        try driver.close(accepted.socket, .graceful)
    }

    @Test func programsEndWithTheHelper() throws {
        let process = try processOfAProgram()
        #expect(kill(process, 0) == -1)
    }

    private func processOfAProgram() throws -> pid_t {
        var driver = try SocketDriver()
        let program = try driver.start(["sh", "-c", "echo $$; exec sleep 100"], in: .original)
        for _ in 0..<2000 {
            let text = String(decoding: try driver.look(at: program).output, as: UTF8.self)
            if text.hasSuffix("\n"), let process = pid_t(text.dropLast()) { return process }
            usleep(1000)
        }
        throw CancellationError()
    }
}
