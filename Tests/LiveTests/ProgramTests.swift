import Foundation
import KernelABI
import KernelTestSupport
import Model
import SocketDriverProtocol
import Synchronization
import Testing

@testable import Live

/// The programs themselves: what they cost, which maps they accept, how they come and go.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct ProgramTests {
    private static func settings(_ preset: Preset, hasPeriodicReports: Bool = false) -> ProgramSettings {
        var settings = ProgramSettings(options: DataplaneOptions(preset))
        settings.options.capacities = MapCapacities(
            frontend: 64, service: 64, endpoint: 64, backend: 64, manage: 64, nodeInfo: 16)
        settings.hasPeriodicReports = hasPeriodicReports
        return settings
    }

    private static func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    // MARK: Cost

    /// The verifier's limit is a million instructions for each program.
    @Test(arguments: Preset.allCases, [false, true])
    func theVerifierHasLittleToDo(_ preset: Preset, _ hasPeriodicReports: Bool) throws {
        let pins = try TestPinDirectory()
        let dataplane = try Dataplane(
            Self.settings(preset, hasPeriodicReports: hasPeriodicReports), pins: PinDirectory(pins.path))
        let counts = try dataplane.verifiedInstructionCounts()
        #expect(counts.count == (hasPeriodicReports ? HookProgram.allCases.count : HookProgram.allCases.count - 2))
        let table = counts.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
        print("verified instructions, \(preset)\(hasPeriodicReports ? " with periodic reports" : ""): \(table)")
        for (name, count) in counts { #expect(count > 0 && count < 100_000, "\(name): \(count)") }
    }

    @Test func everyHeaderCompilesAlone() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let (process, output) = (Process(), Pipe())
        process.executableURL = root.appending(path: "Scripts/programs")
        process.arguments = ["--headers"]
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        let headers = Self.names(in: root.appending(path: "bpf").path).filter { $0.hasSuffix(".h") }
        #expect(headers.count > 15)
        for header in headers { #expect(text.contains("bpf/\(header)\n")) }
    }

    // MARK: Maps that are there

    private struct FoundMap: CustomTestStringConvertible {
        var testDescription: String
        var keySize: UInt32 = 16
        var valueSize: UInt32 = 4
        var btf: ForeignBTF?
        /// Nil for a map that can be used.
        var difference: String?
    }

    private static let foundMaps = [
        FoundMap(testDescription: "the same sizes, without BTF"),
        FoundMap(testDescription: "BTF of the same shape", btf: .sameShape),
        FoundMap(
            testDescription: "BTF of another shape", btf: .otherShape,
            difference: "the members of its values are in other places"),
        FoundMap(testDescription: "larger values", valueSize: 8, difference: "its values have 8 bytes, not 4"),
        FoundMap(testDescription: "smaller keys", keySize: 4, difference: "its keys have 4 bytes, not 16"),
    ]

    /// Whether the map was pinned by an earlier run of ours, or by upstream elsewhere.
    @Test(arguments: foundMaps, [false, true])
    private func aMapIsUsedOrRefused(_ found: FoundMap, _ isElsewhere: Bool) throws {
        let own = try TestPinDirectory()
        let other = try TestPinDirectory()
        let directory = isElsewhere ? other.path : own.path
        let path = "\(directory)/km_frontend"
        try pinForeignMap(
            "km_frontend", keySize: found.keySize, valueSize: found.valueSize, btf: found.btf, at: path)
        let foreign = isElsewhere ? PinDirectory(other.path) : nil
        let before = Self.names(in: own.path)
        do throws(LoadError) {
            let dataplane = try Dataplane(Self.settings(.upstream), pins: PinDirectory(own.path), adopting: foreign)
            #expect(found.difference == nil)
            #expect(dataplane.adoptedMaps == ["km_frontend"])
            #expect(dataplane.maps.frontend.capacity == 64)
        } catch {
            #expect(error == .layout(map: "km_frontend", path: path, difference: found.difference ?? "none"))
            let message = "\(error)"
            #expect(message.contains(path) && message.contains("another version made it"), "\(message)")
        }
        // Loading alone pins nothing.
        #expect(Self.names(in: own.path) == before)
    }

    // MARK: Coming and going

    /// Our programs in force at a cgroup, by name.
    private static func attached(to cgroup: borrowing TestCgroup) throws -> [String] {
        try AttachedPrograms.inForce(at: cgroup.directory).programs.filter(\.isOurs).map(\.name).sorted()
    }

    @Test func detachLeavesNothingOfOursAndEverythingOfOthers() throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        let foreign = try ForeignProgram(connectingIn: cgroup.directory)
        func isForeignThere() throws -> Bool {
            try AttachedPrograms.inForce(at: cgroup.directory).programs.contains { $0.id == foreign.id }
        }
        let before = try Self.attached(to: cgroup)
        let directory = PinDirectory("\(pins.path)/own")
        let withReports = try Dataplane(Self.settings(.hardened, hasPeriodicReports: true), pins: directory)
        try withReports.attach(cgroup: cgroup.directory)
        #expect(try Self.attached(to: cgroup).count == before.count + 7)
        #expect(try isForeignThere())
        // Again, and without what is not wanted any more.
        let without = try Dataplane(Self.settings(.upstream), pins: directory)
        try without.attach(cgroup: cgroup.directory)
        let madeAnew = AuthorizationMapName.allCases.filter(\.isMadeAnew).count
        #expect(without.adoptedMaps.count == ProgramObject.mapNames.count - madeAnew)
        #expect(try Self.attached(to: cgroup).count == before.count + 5)
        #expect(try isForeignThere())
        #expect(!Self.names(in: directory.path).contains { $0.hasSuffix("_new") })
        let removed = try Dataplane.detach(from: directory)
        #expect(removed.count == ProgramObject.mapNames.count + 5 + 1)
        #expect(try Self.attached(to: cgroup) == before)
        #expect(try isForeignThere())
        #expect(!FileManager.default.fileExists(atPath: directory.path))
        #expect(try Dataplane.detach(from: directory) == [])
    }

    /// Connects go on while programs are replaced; none may miss them.
    @Test func aReplacementLeavesNoGap() async throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        let (directory, path) = (PinDirectory(pins.path), cgroup.directory)
        let dataplane = try Dataplane(Self.settings(.hardened), pins: directory)
        try dataplane.attach(cgroup: path)
        var driver = try SocketDriver(inCgroup: path)
        let namespace = try driver.makeNamespace()
        _ = try driver.listen(on: [80, 8080], in: namespace.number)
        let (virtual, pod) = (IPAddress.v4(0x0A60_0001), IPAddress.v4(0x0A00_0001))
        var service = ServiceValue()
        service.endpointCounts[0] = 1
        service.servicePorts[0] = mapPort(80)
        service.targetPorts[0] = mapPort(8080)
        _ = try dataplane.maps.apply([
            .put(.frontend(FrontendKey(virtual), FrontendValue(upstream_id: 1))),
            .put(.service(ServiceKey(service_id: 1), service)),
            .put(.endpoint(EndpointKey(service_id: 1, prio: 0, backend_index: 1), EndpointValue(backend_uid: 2))),
            .put(.backend(BackendKey(backend_uid: 2), BackendValue(addr: pod))),
            .put(.manage(ManageKey(cookie: namespace.cookie), ManageValue())),
        ])
        let replaced = Counter()
        let replacements = Task.detached {
            while !Task.isCancelled {
                let preset = Preset.allCases[replaced.count.withLock { $0 } % 2]
                try Dataplane(Self.settings(preset), pins: directory).attach(cgroup: path)
                replaced.count.withLock { $0 += 1 }
            }
        }
        var request = HammerRequest(to: [SocketAddress(virtual, port: 80)], count: 2000)
        request.namespace = namespace.number
        request.acceptingNamespace = namespace.number
        // However slow the machine is, some replacements fall between the connects.
        for _ in 0..<500 where replaced.count.withLock({ $0 }) < 3 {
            let outcome = try driver.hammer(request)
            #expect(outcome.errors == [Tally(value: 0, count: 2000)])
            #expect(outcome.remoteEnds == [Tally(value: SocketAddress(pod, port: 8080), count: 2000)])
        }
        replacements.cancel()
        try await replacements.value
        #expect(replaced.count.withLock { $0 } >= 3)
    }
}

/// A number that two tasks share.
private final class Counter: Sendable {
    let count = Mutex(0)
}
