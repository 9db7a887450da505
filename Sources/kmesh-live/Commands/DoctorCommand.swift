import CommandLineTool
import Live

/// `kmesh-live doctor`
struct DoctorCommand: ToolCommand {
    static let declaration = Command(
        "doctor", summary: "Tell whether the agent can run on this host, and what to do where it cannot.",
        discussion: """
            Looks at the kernel, the privileges, the file systems and the programs of others, and changes nothing. \
            What the kernel knows of BPF can be asked only with CAP_BPF and CAP_NET_ADMIN; without them it is \
            unknown.

            Exits with 0 when all that is needed is there, with 4 otherwise; warnings do not count.
            """,
        examples: [
            .init("kmesh-live doctor", "Examine this host with the defaults of the agent."),
            .init(
                "kmesh-live doctor -o json | jq -r '.checks[] | select(.state != \"ok\") | .remedy'",
                "List what is to be done."),
        ],
        options: [.cgroup, .pinDirectory, .stateDirectory, .output(["text", "json"])])

    let subject: Doctor.Subject
    private let isJSON: Bool

    init(_ invocation: Invocation) {
        var subject = Doctor.Subject()
        subject.cgroup = invocation.value("cgroup")
        subject.pinDirectory = invocation.pinDirectory
        subject.stateDirectory = invocation.stateDirectory
        self.subject = subject
        isJSON = invocation.value("output") == "json"
    }

    func run(on console: inout Console) throws -> ExitCode {
        let report = DoctorReport(checks: Doctor.examine(subject))
        if isJSON { try console.write(report.json) } else { try console.write(report.text(console.style)) }
        return report.canRun ? .ok : .privilege
    }
}
