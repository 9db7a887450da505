import Foundation
import TestSupport
import Testing

private let capture = Sample.capture
private let mesh = Sample.mesh.joined(separator: " ")
private let encrypted = Sample.encrypted.joined(separator: " ")
private let recorded = "Tests/Fixtures/captures/ipsec/basic4"
private let recordedMesh = "--mesh Tests/Fixtures/captures/recordings-mesh.yaml"

@Test(arguments: [
    LineCase("replay \(capture) \(mesh)", 1, "guessed: every packet comes from or goes to pod books/productpage-v1-0"),
    LineCase("replay \(capture) \(mesh) --at pod:books/productpage-v1-0", 1, "taken in pod books/productpage-v1-0\n"),
    LineCase("replay \(capture) \(mesh) --at pod:productpage-v1-0", 1, "taken in pod books/productpage-v1-0\n"),
    LineCase("replay \(capture) \(mesh) --at node:node-b", 0, "taken at the uplink of node-b", "nothing behind"),
    LineCase("replay \(capture) \(mesh) --at wire", 0, "taken between the nodes"),
    LineCase("replay \(capture) \(mesh) --at pod:details-v1-0", 0, "neither of its addresses is the pod's"),
    LineCase("replay \(capture) \(mesh) --managed none", 0, "nothing behind the point of capture translates"),
    LineCase("replay \(capture) \(mesh) --managed labelled", 1, "connect4.portNotListed"),
    LineCase("replay \(capture) \(mesh) --seed 9", 1, "seed 9"),
    LineCase(
        "replay \(capture) --mesh scenarios/mesh/books.yaml", 0, "guessed: no packet tells",
        "are its nodes known (--nodes)?"),
    LineCase("replay \(capture) \(mesh) --filter icmp", 0, "115", "filtered out", "books/ratings-v1-0 (ICMP)"),
    LineCase("replay \(capture) \(mesh) --preset upstream", 0, "preset upstream"),
    LineCase("replay \(capture) \(mesh) --tunnels all", 1, "connect4.portNotListed"),
    LineCase("replay \(capture) \(encrypted) --preset upstream", 1, "tooBig", "no replay window"),
    LineCase(
        "replay \(capture) \(mesh) --keys scenarios/captures/test-key.json", 1,
        "no node of the mesh publishes for encryption: nothing is encrypted"),
    LineCase(
        "replay \(recorded)/underlay.pcap \(recordedMesh) --xfrm A=\(recorded)/A.xfrm.txt B=\(recorded)/B.xfrm.txt", 0,
        "every packet is between nodes A and B", "encrypted"),
    LineCase("replay \(recorded)/underlay.pcap \(recordedMesh)", 1, "XfrmInNoStates: no state has the SPI"),

    LineCase("replay", 2, "missing argument CAPTURE"),
    LineCase("replay \(capture)", 2, "missing option '--mesh FILE...'"),
    LineCase("replay \(capture) \(mesh) --at nowhere", 3, "--at: \"nowhere\" must be pod:NAMESPACE/NAME, node:NAME or"),
    LineCase("replay \(capture) \(mesh) --at pod:produktpage-v1-0", 3, "did you mean productpage-v1-0?"),
    LineCase("replay \(capture) \(mesh) --at pod:", 3, "--at: there is no pod \"\"; known: books/details-v1-0, books/"),
    LineCase("replay \(capture) \(mesh) --at node:node-c", 3, "there is no node \"node-c\"; did you mean node-"),
    LineCase("replay \(capture) \(mesh) --at wire wire", 2, "--at: give one place, or one for each capture"),
    LineCase("replay \(capture) \(mesh) --filter port", 2, "--filter: "),
    LineCase("replay nowhere.pcap --mesh nowhere.yaml", 3, "nowhere.pcap: "),
    LineCase("replay \(capture) \(mesh) --tunnels ipip", 2, "one of: vxlan, geneve, all"),
    LineCase("replay \(capture) \(mesh) --managed some", 2, "one of: all, labelled, none"),
    LineCase("replay \(capture) \(mesh) --packet 0", 2, "--packet expects a number from 1"),
    LineCase("replay \(capture) \(mesh) --packet 120", 3, "--packet: there is no packet 120; the captures have 119"),
    LineCase("replay \(capture) \(mesh) --packet 1 -o csv", 2, "--packet explains one packet"),
    LineCase("replay \(capture) \(mesh) --packet 1 --pcap-out a", 2, "leave --pcap-out and --wire-out out"),
    LineCase("replay \(capture) \(mesh) --pcap-out -", 2, "standard output is for the report"),
    LineCase("replay \(capture) \(mesh) --pcap-out a --wire-out a", 2, "a file can be written once only"),
    LineCase("replay \(capture) \(mesh) --wire-out \(capture)", 2, "not where it is read"),
    LineCase("replay \(capture) \(mesh) --preset upstream,hardened", 2, "one of: upstream, hardened"),
    LineCase("replay - - \(mesh)", 2, "standard input can be read only once"),
    LineCase("replay nowhere.pcap \(mesh)", 3, "nowhere.pcap: "),
    LineCase("replay README.md \(mesh)", 3, "README.md: ", "neither pcap nor pcapng"),
    LineCase("replay \(capture) --mesh nowhere.yaml", 3, "nowhere.yaml: cannot be read"),
    LineCase("replay \(capture) \(mesh) --keys nowhere.json", 3, "nowhere.json: "),
    LineCase("replay \(capture) \(mesh) --keys \(recorded)/A.xfrm.txt", 3, "is no key file"),
    LineCase("replay \(capture) \(mesh) --xfrm scenarios/captures/test-key.json", 3, "give it with --keys"),
    LineCase("replay \(capture) \(mesh) --xfrm \(recorded)/A.xfrm.txt", 3, "write --xfrm NODE=\(recorded)/A.xfrm.txt"),
    LineCase("replay \(capture) \(mesh) --xfrm C=\(recorded)/A.xfrm.txt", 3, "there is no node \"C\""),
    LineCase("replay \(capture) \(mesh) --xfrm \(recorded)/commands.txt", 3, ":1", "there is no node \"A\""),
    LineCase("replay \(capture) \(mesh) -o xml", 2, "one of: text, json, csv"),
])
func replaysEndAsDocumented(_ c: LineCase) throws {
    let finished = try kmeshSim(c.arguments)
    #expect(finished.code == c.code, "\(finished.errors)")
    let isMessage = c.code > 1
    #expect((isMessage ? finished.output : finished.errors) == "")
    for text in c.texts { #expect((isMessage ? finished.errors : finished.output).contains(text), "\(text)") }
}

@Test func aFileThatCannotBeWrittenIsAFailure() throws {
    for option in ["--pcap-out", "--wire-out", "--esp-sa"] {
        let finished = try Sample.replay(option, "/nonexistent/file")
        #expect(finished.code == 1 && finished.output == "", "\(option)")
        #expect(finished.errors.contains("/nonexistent/file"), "\(finished.errors)")
    }
}

@Test func aBootIDThatIsTooShortIsBadInput() throws {
    let scratch = try ScratchDirectory()
    let path = "\(packageDirectory)/scenarios/captures/nodeinfos.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let short = try scratch.write(text.replacingOccurrences(of: "bbbbbbbb-", with: "b-"), to: "short.yaml")
    let finished = try kmeshSim(
        ["replay", capture, "--mesh", "scenarios/mesh/books.yaml", short] + Sample.nodes
            + ["--keys", "scenarios/captures/test-key.json"])
    #expect(finished.code == 3 && finished.output == "")
    #expect(finished.errors.contains("\"bootID\" must have 36 characters"), "\(finished.errors)")
    #expect(finished.errors.contains("short.yaml:"), "\(finished.errors)")
}

@Test func theTotalsTellWhatWasFilteredOut() throws {
    let output = try Sample.replay("--filter", "arp").output
    #expect(output.contains("    117         filtered out\n      2     56  not IP        neither IPv4 nor IPv6\n"))
    #expect(output.contains("    119     56  all\n0 flows in 0.000 s"))
}
