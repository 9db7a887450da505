@testable import kmesh_live
@testable import Live
import Testing

private let checks = [
    Check("kernel", .ok, "Linux 6.1.0"),
    Check("BPF file system", .missing, "not there", remedy: "mount -t bpf bpf /sys/fs/bpf"),
    Check(
        "helpers", .warning, String(repeating: "bpf_x, ", count: 12) + "bpf_y",
        remedy: String(repeating: "do ", count: 30)),
    Check("programs", .unknown, "cannot be told"),
]

@Test func aReportForPeopleHasAParagraphACheck() {
    #expect(
        DoctorReport(checks: checks).text(.plain) == """
            ok       kernel           Linux 6.1.0
            missing  BPF file system  not there
                                      → mount -t bpf bpf /sys/fs/bpf
            warning  helpers          bpf_x, bpf_x, bpf_x, bpf_x, bpf_x, bpf_x, bpf_x, bpf_x, bpf_x, bpf_x,
                                      bpf_x, bpf_x, bpf_y
                                      → do do do do do do do do do do do do do do do do do do do do do do do do
                                        do do do do do do
            unknown  programs         cannot be told

            The agent cannot run here: 1 ok, 1 warning, 1 missing, 1 unknown.

            """)
}

@Test func aReportForScriptsHasTheSameFacts() {
    let report = DoctorReport(checks: Array(checks.prefix(2)))
    #expect(
        report.json.compact
            == #"{"canRun":false,"checks":[{"name":"kernel","state":"ok","detail":"Linux 6.1.0","remedy":null},"#
            + #"{"name":"BPF file system","state":"missing","detail":"not there","#
            + #""remedy":"mount -t bpf bpf /sys/fs/bpf"}]}"#)
}

@Test(arguments: [
    (Check.State.ok, true), (.warning, true), (.missing, false), (.unknown, false),
])
func onlyWarningsMayRemain(state: Check.State, canRun: Bool) {
    let report = DoctorReport(checks: [Check("kernel", .ok, ""), Check("x", state, "")])
    #expect(report.canRun == canRun)
    #expect(report.text(.ansi).contains("\u{1B}["))
}
