import CommandLineTool
import Testing

@Test(arguments: [
    (
        Completion.bash,
        [
            "'kmesh-sim run') place='kmesh-sim run' ;;",
            "'kmesh-sim run -o' | 'kmesh-sim run --output') COMPREPLY=($(compgen -W 'text json' -- \"$current\"));",
            "'kmesh-sim run --mesh') return ;;",
            "'kmesh-sim') options='-q --quiet -h --help --version' words='run completion' ;;",
            "'kmesh-sim completion') options='-q --quiet -h --help --version' words='bash zsh fish' ;;",
            "complete -o default -F _kmesh_sim kmesh-sim\n",
        ]
    ),
    (
        Completion.zsh,
        [
            "#compdef kmesh-sim\n",
            "'kmesh-sim run -o' | 'kmesh-sim run --output') compadd -- text json; return ;;",
            "'kmesh-sim run --mesh') _files; return ;;",
            "items=('run:Play a scenario.' 'completion:Print a completion script.') ;;",
            "'--offset:Don'\\''t start at 0.'",
        ]
    ),
    (
        Completion.fish,
        [
            "complete -c kmesh-sim -n \"__kmesh_sim_at 'kmesh-sim'\" -f -a run -d 'Play a scenario.'\n",
            "-n \"__kmesh_sim_at 'kmesh-sim run'\" -s o -l output -x -a 'text json' -d 'How to print",
            "-n \"__kmesh_sim_at 'kmesh-sim run'\" -l mesh -r -d 'Parts of the mesh.'\n",
            "-n \"__kmesh_sim_at 'kmesh-sim run'\" -s q -l quiet -d 'Print errors only.'\n",
            "-l offset -r -d 'Don\\'t start at 0.'\n",
        ]
    ),
])
func completionOffersCommandsOptionsAndChoices(shell: Completion, pieces: [String]) {
    let script = shell.script(for: sampleTool)
    for piece in pieces { #expect(script.contains(piece), "\(piece) is missing from:\n\(script)") }
}

@Test func theManualPageDescribesTheWholeTree() {
    let page = ManualPage(for: sampleTool, version: "1.0").text
    for piece in [
        ".TH KMESH\\-SIM 1 \"\" \"kmesh\\-sim 1.0\"\n",
        ".SH NAME\nkmesh\\-sim \\- Simulate a service mesh.\n",
        "\n\\fBkmesh\\-sim run\\fR \\-\\-mesh FILE... [OPTIONS] SCENARIO...\n.br\n",
        ".PP\nEqual seeds give equal traces.\n",
        ".SH OPTIONS\n.TP\n\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\nPrint errors only.\n",
        ".SS \"kmesh\\-sim run\"\nPlay a scenario.\n.TP\n\\fISCENARIO\\fR\nWhat to play.\n",
        ".TP\n\\fB\\-\\-mesh\\fR \\fIFILE\\fR...\nParts of the mesh. Required.\n",
        "Don\\(aqt start at 0.\n",
        ".nf\nkmesh\\-sim run \\-\\-mesh web.yaml \\-\\- first.yaml\n.fi\n",
        ".TP\n\\fB4\\fR\nA privilege or a kernel feature is missing.\n",
    ] { #expect(page.contains(piece), "\(piece) is missing from:\n\(page)") }
}

@Test func theManualPagePrintsRequestsAndEscapesAsText() {
    let tool = Command("t", summary: ".so is 'text'", discussion: "'.ft' \\fB \"^~`\"")
    let page = ManualPage(for: tool, version: "1").text
    #expect(page.contains(".SH DESCRIPTION\n\\&.so is \\(aqtext\\(aq\n"))
    #expect(page.contains(".PP\n\\&\\(aq.ft\\(aq \\(rsfB \\(dq\\(ha\\(ti\\(ga\\(dq\n"))
}
