import BenchmarkSupport
import Foundation
import Live
import Model

/// What it costs to get programs and a mesh into the kernel, and how much memory the maps take there.
enum FillBenchmark {
    static let maps = [
        "km_frontend", "km_service", "km_endpoint", "km_backend", "km_backend_alt", "km_service_port", "km_manage",
        "km_sockstorage", "km_auth_req", "km_auth_res", "km_socket", "km_tcp_probe", "km_cgr_tailcall", "km_cgr_tail6",
        "km_event", "km_reason_count", "km_denial", "km_identity", "km_authz_dst", "km_authz_slot", "km_authz_view",
        "km_authz_range", "km_authz_range6", "km_authz_row", "km_authz_rule", "km_verdict", "km_fragment", "km_flow",
        "km_recent",
    ]

    /// Wall time, and what this process worked meanwhile.
    private struct Stopwatch {
        private let wall = Clock.wallNanoseconds
        private let cpu = Clock.cpuNanoseconds

        var milliseconds: (wall: Double, cpu: Double) {
            (Double(Clock.wallNanoseconds - wall) / 1e6, Double(Clock.cpuNanoseconds - cpu) / 1e6)
        }
    }

    /// What the agent makes of the preset: maps as large as the mesh needs.
    private static func options(_ mesh: Mesh) -> DataplaneOptions {
        var options = DataplaneOptions.hardened
        options.capacities = .fitting(.needed(by: mesh))
        return options
    }

    static func figures(_ sample: SampleMesh, rounds: Int) throws -> [Figure] {
        let mesh = sample.mesh
        let options = options(mesh)
        var load: [Double] = []
        var attach: [Double] = []
        var fill: [(wall: Double, cpu: Double)] = []
        var large = 0.0
        for _ in 0..<min(rounds, 5) {
            try Interruption.check()
            var watch = Stopwatch()
            let loaded = try LoadedMesh(options)
            load.append(watch.milliseconds.wall)
            watch = Stopwatch()
            _ = try loaded.dataplane.maps.apply(try LoadedMesh.writes(mesh, options))
            fill.append(watch.milliseconds)
            watch = Stopwatch()
            try loaded.dataplane.attach(cgroup: loaded.cgroup.directory)
            attach.append(watch.milliseconds.wall)
            large = try memory(of: loaded.dataplane)
        }
        let one = SampleMesh(serviceCount: 1, endpointCount: 1)
        let tiny = try LoadedMesh(Self.options(one.mesh))
        try tiny.start(one, Self.options(one.mesh))
        let barriers = try (0..<rounds * 3).map { _ in
            let watch = Stopwatch()
            try ReadersBarrier.wait()
            return watch.milliseconds.wall
        }
        return [
            Figure(name: "load the programs", value: load.median, unit: "ms"),
            Figure(name: "attach them", value: attach.median, unit: "ms"),
            Figure(
                name: "compile the mesh into the kernel", value: fill.map(\.wall).median, unit: "ms", target: 2000),
            Figure(name: "the same, CPU", value: fill.map(\.cpu).median, unit: "ms"),
            Figure(name: "memory of its maps", value: large, unit: "MB"),
            Figure(name: "memory of the maps of 1 × 1", value: try memory(of: tiny.dataplane), unit: "MB"),
            Figure(name: "one barrier", value: barriers.median, unit: "ms"),
        ]
    }

    /// Megabytes that the kernel counts for the maps.
    private static func memory(of dataplane: borrowing Dataplane) throws -> Double {
        var total = 0
        for name in maps {
            let text = try dataplane.openMap(name).withRaw { raw in
                try String(contentsOfFile: "/proc/self/fdinfo/\(raw)", encoding: .utf8)
            }
            let line = text.split(separator: "\n").first { $0.hasPrefix("memlock:") }
            guard let bytes = line?.split(separator: "\t").last.flatMap({ Int($0) }) else {
                throw BenchmarkError("the kernel does not tell the memory of \(name)")
            }
            total += bytes
        }
        return Double(total) / 1e6
    }
}
