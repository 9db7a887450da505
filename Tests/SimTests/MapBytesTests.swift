import Scenario
import Sim
import Testing

/// Maps of ours, and bytes for what has no words.
@Test func alternativesAndFurtherPortsAreWritten() throws {
    let failed = try failures(
        "  - mapWrite: {put: {km_backend_alt: {web: \"fd00::9\"}, km_service_port: {svc/8443: 443}}}\n"
            + "    expect: {maps: {km_backend_alt: {count: 1, web: \"fd00::9\"}, "
            + "km_service_port: {count: 1, svc/8443: 443, svc/1: absent}}}\n"
            + "  - mapWrite: {delete: {km_backend_alt: web, km_service_port: svc/8443}}\n"
            + "    expect: {maps: {km_backend_alt: {count: 0}, km_service_port: {web/1: absent, count: 0}}}")
    #expect(failed == [])
}

@Test func bytesMeanWhatADumpShows() throws {
    let key = "0x0a600009000000000000000000000000"
    let failed = try failures(
        "  - mapWrite: {put: {km_frontend: {\"\(key)\": \"0x07000000\"}}}\n"
            + "    expect: {maps: {km_frontend: {10.96.0.9: \"0x07000000\", \"\(key)\": \"7\"}}}\n"
            + "  - mapWrite: {delete: {km_frontend: \"\(key)\"}}\n"
            + "    expect: {maps: {km_frontend: {10.96.0.9: absent}}}")
    #expect(failed == [])
}

@Test(arguments: [
    ("{km_frontend: {\"0x0a\": web}}", "a key of km_frontend has 16 bytes, not 1"),
    ("{km_frontend: {10.96.0.9: \"0x07\"}}", "a value of km_frontend has 4 bytes, not 1"),
    ("{km_frontend: {10.96.0.9: \"0x0700000\"}}", "bytes are written as 0x and two digits for each"),
    ("{km_frontend: {10.96.0.9: \"0x\"}}", "bytes are written as 0x and two digits for each"),
    ("{km_backend_alt: {web: web}}", "must be an IP address"),
    ("{km_service_port: {svc: 80}}", "a key of km_service_port is service/port"),
    ("{km_service_port: {svc/0: 80}}", "a key of km_service_port is service/port"),
    ("{km_service_port: {svc/80: http}}", "must be a port"),
])
func wrongBytesAreRefused(_ put: String, _ message: String) {
    let text = refusal("  - mapWrite: {put: \(put)}")
    #expect(text?.contains(message) == true, "\(text ?? "accepted")")
}
