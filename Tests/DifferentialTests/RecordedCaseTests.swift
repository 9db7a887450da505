import Foundation
import Inputs
import KernelTestSupport
import Live
import Model
import Testing

@testable import Sim

/// What was recorded from upstream's programs, and what others state of connects, holds for our programs in the kernel.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct RecordedCaseTests {
    /// Why the programs that are in the kernel today cannot run the other families.
    static let reasons: [String: String] = [
        "authz": "policies are not enforced by these programs", "authz-match": "policies are not enforced here",
        "authz-port": "policies are not enforced here", "string-match": "policies are not enforced here",
        "xdp-authz": "upstream's XDP engine is only simulated", "xdp-rst": "upstream's XDP engine is only simulated",
        "ipsec-key": "keys are user space's", "ipsec-keyfile": "keys are user space's",
        "tc-mark": "run by everyMarkHoldsInTheKernel",
        "service-lookup": "how ztunnel finds services: by the client's namespace and by CIDR",
        "endpoint-health": "tables that user space fills", "endpoint-table": "tables that user space fills",
        "waypoint": "tables that user space fills", "locality": "endpoints that ztunnel chooses",
        "locality-priority": "priorities that user space computes", "locality-table": "tables that user space fills",
        "policy-conversion": "objects that user space converts",
        "workload-building": "objects that user space converts",
        "service-building": "objects that user space converts", "dns-name-table": "a table of user space",
        "name-id": "ids that user space gives", "enrolment": "user space decides it",
        "map-layout": "bytes that user space writes; compared by the tests of layouts",
    ]

    static func cases() throws -> [ConformanceCase] {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/vectors")
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
            .filter { $0.hasSuffix(".jsonl") }
            .flatMap { try VectorFile.cases(atPath: directory.appending(path: $0).path) }
    }

    /// All numbers in a case that may be ports, so that somebody listens there.
    private static func ports(in vector: ConformanceCase) -> [UInt16] {
        var ports: Set<UInt16> = []
        func collect(_ text: String) {
            if let address = SocketAddress(text) { ports.insert(address.port) }
        }
        func collect(_ node: DocumentNode) {
            if let number = node.integer, let port = UInt16(exactly: number) { ports.insert(port) }
            if let text = node.text { collect(text) }
            for element in node.elements ?? [] { collect(element) }
            for entry in node.entries ?? [] where entry.key != "repeat" {
                collect(entry.key)
                collect(entry.value)
            }
        }
        for node in [vector.input, vector.steps, vector.expect] { if let node { collect(node) } }
        return ports.filter { $0 != 0 }.sorted()
    }

    @Test func everyConnectHoldsInTheKernel() throws {
        var settings = ProgramSettings(options: .upstream)
        settings.options.capacities = DifferentialCase.capacities
        settings.seed = 1
        settings.hasTailCalls = false
        let recorded = try LoadedPrograms(settings)
        settings.options = DataplaneOptions(.hardened)
        settings.options.capacities = DifferentialCase.capacities
        settings.hasTailCalls = true
        let hardened = try LoadedPrograms(settings)
        var (ran, named) = (0, 0)
        for vector in try Self.cases() {
            func make(_ input: ConnectInput) throws(InputError) -> KernelCalls {
                let isRecorded = input.options.originalDestination == DataplaneOptions.upstream.originalDestination
                #expect(input.hasTailCalls == !isRecorded, "\(vector.id): no programs are loaded like that")
                return try KernelCalls(
                    input, isRecorded ? recorded : hardened, ports: Self.ports(in: vector), file: vector.file)
            }
            switch vector.family {
            case "connect":
                #expect(try ConnectFamily.differences(in: vector, making: make) == [], "\(vector.id)")
                ran += 1
            case "port-resolution":
                #expect(try PortResolutionFamily.differences(in: vector, making: make) == [], "\(vector.id)")
                ran += 1
            default:
                #expect(Self.reasons[vector.family] != nil, "\(vector.id): why is \(vector.family) not run?")
                named += 1
            }
        }
        #expect(ran == 33)
        #expect(named == 400)
    }

    @Test func everyMarkHoldsInTheKernel() throws {
        let kernel = try KernelInterfaces(.upstream)
        var ran = 0
        for vector in try Self.cases() where vector.family == "tc-mark" {
            let differences = try TCMarkFamily.differences(in: vector) { call in
                try kernel.set(call.nodeInfo, peers: [])
                let outcome = try kernel.run(call.hook, call.frame, call.mark)
                return TCMarkFamily.Outcome(
                    verdict: outcome.verdict, mark: outcome.mark, isFrameChanged: outcome.isFrameChanged)
            }
            #expect(differences == [], "\(vector.id)")
            ran += 1
        }
        #expect(ran == 53)
    }

    @Test func programsOfTheOtherPresetDoNotHold() throws {
        var settings = ProgramSettings(options: DataplaneOptions(.hardened))
        settings.options.capacities = DifferentialCase.capacities
        settings.seed = 1
        let hardened = try LoadedPrograms(settings)
        let vector = try #require(try Self.cases().first { $0.id == "connect/random_missing_backend" })
        let differences = try ConnectFamily.differences(in: vector) { (input) throws(InputError) in
            try KernelCalls(input, hardened, ports: Self.ports(in: vector), file: vector.file)
        }
        #expect(differences.contains { $0.what == "destinations" && $0.got.contains("refused") }, "\(differences)")
    }
}
