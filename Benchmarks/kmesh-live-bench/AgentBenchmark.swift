import BenchmarkSupport
import Foundation
import Glibc
import KernelTestSupport
import Live
import Model

/// The agent as a process beside this one, with a directory that holds a file for each service and workload.
struct AgentBenchmark: ~Copyable {
    private let sample: SampleMesh
    private let cgroup: TestCgroup
    private let pins: TestPinDirectory
    private let directory: String
    private let agent = Process()

    static func figures(_ sample: SampleMesh, rounds: Int) throws -> [Figure] {
        let tiny = try AgentBenchmark(SampleMesh(serviceCount: 1, endpointCount: 1))
        let tinyStart = try tiny.start()
        let large = try AgentBenchmark(sample)
        _ = try large.start()
        var changes: [Double] = []
        for round in 0..<max(rounds, 20) {
            try Interruption.check()
            changes.append(try large.changeMilliseconds(service: round % sample.serviceCount))
        }
        let memory = try large.residentMegabytes()
        return [
            Figure(name: "the agent, start of a small mesh", value: tinyStart, unit: "ms", target: 1000),
            Figure(name: "the agent's resident memory", value: memory, unit: "MB", target: 150),
            Figure(name: "from a file to the map", value: changes.median, unit: "ms", target: 2),
        ]
    }

    private init(_ sample: SampleMesh) throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: "\(directory)/mesh", withIntermediateDirectories: true)
        self.sample = sample
        self.cgroup = cgroup
        self.pins = pins
        self.directory = directory
    }

    /// A file for each service and each workload.
    private func writeMesh() throws {
        for service in 0..<sample.serviceCount {
            try Self.write(Self.text(sample.service(service)), "\(directory)/mesh/s-\(service).yaml")
            for index in 0..<sample.endpointCount {
                try write(sample.workload(index, of: service), .healthy, service, index)
            }
        }
    }

    deinit {
        if agent.isRunning {
            kill(agent.processIdentifier, SIGKILL)
            agent.waitUntilExit()
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    // MARK: Files

    private static func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func write(_ workload: Workload, _ health: Health, _ service: Int, _ index: Int) throws {
        try Self.write(Self.text(workload, health), "\(directory)/mesh/w-\(service)-\(index).yaml")
    }

    private static func text(_ service: Service) -> String {
        let ports = service.ports.map { "\($0.servicePort): \($0.targetPort)" }.joined(separator: ", ")
        return """
            services:
            - name: \(service.shortName)
              namespace: \(service.name.namespace)
              hostname: \(service.name.hostname)
              vips: [\(service.addresses.map { "/\($0.address)" }.joined(separator: ", "))]
              ports: {\(ports)}

            """
    }

    private static func text(_ workload: Workload, _ health: Health) -> String {
        let services = workload.services.keys.map { "\($0): {80: 8080}" }.joined(separator: ", ")
        return """
            workloads:
            - uid: \(workload.uid)
              name: \(workload.name)
              namespace: \(workload.namespace)
              workloadIps: [\(workload.addresses.map(\.description).joined(separator: ", "))]
              node: \(workload.node)
              locality: {region: \(workload.locality.region), zone: \(workload.locality.zone)}
              serviceAccount: \(workload.serviceAccount)
              workloadType: deployment
              workloadName: \(workload.ownerName)
              canonicalName: \(workload.canonicalName)
              status: \(health == .healthy ? "Healthy" : "Unhealthy")
              services: {\(services)}

            """
    }

    // MARK: The agent

    /// Starts the agent and waits until its programs are in force.
    /// - Returns: Milliseconds.
    private func start() throws -> Double {
        let log = "\(directory)/log"
        try Self.write("", log)
        let own = CommandLine.arguments[0]
        let beside = own.lastIndex(of: "/").map { String(own[...$0]) } ?? "./"
        agent.executableURL = URL(fileURLWithPath: beside + "kmesh-live")
        agent.arguments = [
            "agent", "--mesh", "\(directory)/mesh", "--pin-dir", pins.path, "--state-dir", "\(directory)/state",
            "--cgroup", cgroup.directory, "--node", SampleMesh.node,
        ]
        agent.standardError = FileHandle(forWritingAtPath: log)
        try writeMesh()
        let begin = Clock.wallNanoseconds
        try agent.run()
        while agent.isRunning {
            try Interruption.check()
            if try String(contentsOfFile: log, encoding: .utf8).contains(" in force ") {
                return Double(Clock.wallNanoseconds - begin) / 1e6
            }
            usleep(2000)
        }
        throw BenchmarkError("the agent ended: " + (try String(contentsOfFile: log, encoding: .utf8)))
    }

    private func residentMegabytes() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(agent.processIdentifier)/status", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = line.split(separator: " ").dropLast().last.flatMap({ Double($0) })
        else { throw BenchmarkError("the agent's memory is not told") }
        return kilobytes / 1000
    }

    /// One endpoint falls ill: from the file, once it is written, to the service's count in the kernel. The barrier and what follows
    /// it are not waited for here, but by the next change.
    private func changeMilliseconds(service: Int) throws -> Double {
        let pinned = try PinnedMaps(PinDirectory(pins.path))
        guard let services = try pinned.services() else { throw BenchmarkError("no services are pinned") }
        let key = ServiceKey(service_id: NameTable.hash(sample.serviceName(service).description))
        // The change before has had its barriers.
        usleep(100_000)
        try write(sample.workload(0, of: service), .unhealthy, service, 0)
        let begin = Clock.wallNanoseconds
        while try services.lookup(key)?.endpointCounts[0] != UInt32(sample.endpointCount - 1) {
            if Clock.wallNanoseconds - begin > 5_000_000_000 { throw BenchmarkError("a change does not arrive") }
            // Whoever spins keeps the agent, which wakes on the same processor, waiting for a slice of 3 ms.
            usleep(20)
        }
        return Double(Clock.wallNanoseconds - begin) / 1e6
    }
}
