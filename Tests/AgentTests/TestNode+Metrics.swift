import Foundation
import Testing
import TestSupport

extension TestNode {
    /// The address of the metrics, as the log tells it.
    private var metricsAddress: String? {
        log.firstMatch(of: /metrics address=(\S+)/).map { String($0.1) }
    }

    /// What curl says of a path of the metrics server: the code, and the body.
    func http(_ path: String) throws -> (code: Int, body: String) {
        let address = try #require(metricsAddress, "no address in the log")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        process.arguments = ["-s", "--max-time", "5", "-w", "\n%{http_code}", "http://\(address)\(path)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let end = text.lastIndex(of: "\n") ?? text.startIndex
        return (Int(text[end...].dropFirst()) ?? 0, String(text[..<end]))
    }

    /// The sum of the samples whose name begins like this; nil without one.
    func metric(_ name: String) throws -> Double? {
        let samples = try http("/metrics").body.split(separator: "\n").filter { $0.hasPrefix(name) }
        guard !samples.isEmpty else { return nil }
        return samples.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    /// Waits until a metric has a value: the agent works them out once a second.
    func expectMetric(_ name: String, _ value: Double) throws {
        var found: Double?
        for _ in 0..<200 {
            found = try metric(name)
            if found == value { return }
            usleep(20_000)
        }
        throw Missing("\(name) is \(found.map { "\($0)" } ?? "absent"), not \(value)")
    }
}
