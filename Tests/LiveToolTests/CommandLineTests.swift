@testable import kmesh_live
import TestSupport
import KernelTestSupport
import Testing

/// A command line, its exit code, and a text that must be on one of the streams; the other one stays empty.
struct LineCase: CustomTestStringConvertible {
    var line: String
    var code: Int32
    /// On standard output when the code is 0, else on standard error.
    var text: String

    init(_ line: String, _ code: Int32, _ text: String) {
        self.line = line
        self.code = code
        self.text = text
    }

    var testDescription: String { line }
}

@Test(arguments: [
    LineCase("", 2, "kmesh-live: missing command"),
    LineCase("docotr", 2, "did you mean 'doctor'?"),
    LineCase("doctor -o yaml", 2, "one of: text, json"),
    LineCase("doctor x", 2, "unexpected argument 'x'"),
    LineCase("completion bash", 0, "_kmesh_live() {"),
    LineCase("man", 0, ".TH KMESH\\-LIVE 1"),
    LineCase("--version", 0, "kmesh-live 0.1.0\n"),
    LineCase("--help", 0, "kmesh-live doctor"),
])
func commandLinesEndAsDocumented(_ c: LineCase) throws {
    let finished = try kmeshLive(c.line.split(separator: " ").map { String($0) })
    #expect(finished.code == c.code)
    #expect((c.code == 0 ? finished.errors : finished.output) == "")
    #expect((c.code == 0 ? finished.output : finished.errors).contains(c.text))
}

@Test func everyCommandOfTheToolHasHelpThatFitsATerminal() throws {
    for name in Tool.declaration.subcommands.map(\.name) {
        let help = try kmeshLive([name, "--help"])
        #expect(help.code == 0)
        #expect(help.output.contains("Examples:\n"), "\(name)")
        for line in help.output.split(separator: "\n") where !line.contains("kmesh-live \(name)") {
            #expect(line.count <= 80, "\(line)")
        }
    }
}

@Test func anExaminationFailsForWantOfACgroup() throws {
    let finished = try kmeshLive(["doctor", "--cgroup", "/proc", "--state-dir", "/proc/self/exe"])
    #expect(finished.code == 4)
    #expect(finished.errors == "")
    #expect(finished.output.contains("/proc is not a directory of cgroup v2"))
    #expect(finished.output.contains("/proc/self/exe is not a directory"))
    #expect(finished.output.contains("\n\nThe agent cannot run here: "))
}

@Test(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
func rootIsToldWhatThisKernelHas() throws {
    let scratch = try ScratchDirectory()
    let finished = try kmeshLive(["doctor", "-o", "json", "--state-dir", scratch.path])
    #expect(finished.errors == "")
    for name in ["CAP_BPF", "program types", "map types", "helpers of cgroup_sock_addr", "membarrier"] {
        #expect(finished.output.contains("\"name\": \"\(name)\",\n      \"state\": \"ok\""), "\(name)")
    }
    #expect(finished.output.contains("\"canRun\": \(finished.code == 0)"))
    #expect([0, 4].contains(finished.code))
}
