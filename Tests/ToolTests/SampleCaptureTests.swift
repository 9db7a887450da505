import Foundation
import TestSupport
import Testing

/// `scenarios/captures/books.pcap` is what its generator makes; UPDATE_GOLDEN=1 writes it anew.
@Test func theSampleCaptureIsWhatItsGeneratorMakes() throws {
    let sample = SampleCapture()
    let url = URL(fileURLWithPath: "\(packageDirectory)/scenarios/captures/books.pcap")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
        try Data(sample.bytes).write(to: url)
        return
    }
    #expect(try [UInt8](Data(contentsOf: url)) == sample.bytes)
    #expect(sample.bytes.count < 20_000)
}
