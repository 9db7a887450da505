import Foundation
import TestSupport
import Testing

/// What is made of capture files themselves: their forms, their faults, and where they come from.
struct ReplayFileTests {
    private let sample = Data(SampleCapture().bytes)
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func replay(_ arguments: [String], _ more: String..., bytes: Data? = nil) throws -> Finished {
        try kmeshSim(["replay"] + arguments + Sample.mesh + more, bytes: bytes)
    }

    /// The report without the file's name.
    private func report(_ finished: Finished) -> String {
        finished.output.split(separator: "\n").dropFirst().joined(separator: "\n")
    }

    /// Also by another name; and what fails leaves what was there.
    @Test func noFileIsWrittenOverAnInput() throws {
        let capture = try scratch.write(sample, to: "books.pcap")
        let link = "\(scratch.path)/link.pcap"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: capture)
        for name in [capture, link] {
            let finished = try replay([capture], "--wire-out", name)
            #expect(finished.code == 2)
            #expect(finished.errors.contains("not where it is read"))
        }
        let old = try scratch.write(Data([1, 2, 3]), to: "old.pcap")
        #expect(try replay([capture], "--wire-out", old, "--xfrm", "nowhere.txt").code == 3)
        #expect(try Data(contentsOf: URL(fileURLWithPath: old)) == Data([1, 2, 3]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).allSatisfy { !$0.hasSuffix(".part") })
    }

    /// Each capture is looked at by itself, however far apart they are.
    @Test func capturesOfDifferentDaysAreBothGuessed() throws {
        let first = try scratch.write(sample, to: "first.pcap")
        var later = [UInt8](sample)
        // Seconds are the first field of each record.
        var offset = 24
        while offset < later.count {
            let length = (0..<4).reduce(0) { $0 | Int(later[offset + 8 + $1]) << (8 * $1) }
            later[offset + 3] &+= 1
            offset += 16 + length
        }
        let second = try scratch.write(Data(later), to: "second.pcap")
        let head = report(try replay([first, second])).split(separator: "\n").prefix(1)
        #expect(head.allSatisfy { $0.contains("taken in pod books/productpage-v1-0, guessed") }, "\(head)")
    }

    @Test func standardInputGivesTheSameAsTheFile() throws {
        let fromFile = try replay([Sample.capture])
        let piped = try replay(["-"], bytes: sample)
        #expect(piped.output.hasPrefix("standard input, taken in pod books/productpage-v1-0, guessed"))
        #expect(report(piped) == report(fromFile) && piped.code == fromFile.code)
    }

    @Test(arguments: [TestTool.gzip, .zstd])
    func packedCapturesGiveTheSame(tool: TestTool) throws {
        guard tool.isWanted else { return print("\(tool.rawValue) is not installed") }
        let plain = try scratch.write(sample, to: "a.pcap")
        let packed = try tool.run(["-c", plain]).output
        let fromFile = try replay([Sample.capture])
        #expect(report(try replay([try scratch.write(packed, to: "a.packed")])) == report(fromFile))
        #expect(report(try replay(["-"], bytes: packed)) == report(fromFile))
    }

    @Test func anEmptyCaptureIsSaidToBeEmpty() throws {
        let finished = try replay([try scratch.write(sample.prefix(24), to: "a.pcap")])
        #expect(finished.code == 0)
        #expect(finished.output.contains("guessed: no packet tells"))
        #expect(finished.output.contains("      0      0  all\n0 flows in 0.000 s"))
    }

    @Test func wholePacketsOfATruncatedCaptureAreReplayed() throws {
        let path = try scratch.write(sample.dropLast(10), to: "a.pcap")
        let finished = try replay([path])
        let message = "at byte \(sample.count - 16 - 58): "
        #expect(finished.code == 1)
        #expect(finished.errors.hasPrefix("\(path): \(message)"), "\(finished.errors)")
        #expect(finished.output.contains("    118   8332  all\n"))
        #expect(finished.output.contains("note: \(path): \(message)"))
        #expect(finished.output.contains("; what came before was replayed\n"))
        let json = try replay([path], "-o", "json")
        #expect(json.code == 1 && json.output.contains("\"\(message)"))
    }

    @Test(arguments: [0, 3, 10, 23])
    func aFileThatEndsWithinItsHeaderIsBadInput(byteCount: Int) throws {
        let finished = try replay([try scratch.write(sample.prefix(byteCount), to: "a.pcap")])
        #expect(finished.code == 3 && finished.output == "" && finished.errors.contains("a.pcap: "))
    }

    @Test func aLinkTypeThatNobodyReadsIsBadInput() throws {
        // LINKTYPE_USB_LINUX.
        var bytes = sample
        bytes[20] = 189
        let path = try scratch.write(bytes, to: "a.pcap")
        for arguments in [["replay", path] + Sample.mesh, ["decrypt", path] + states] {
            let finished = try kmeshSim(arguments)
            #expect(finished.code == 3, "\(finished.output)")
            #expect(finished.errors.contains("189"), "\(finished.errors)")
        }
    }

    private let states = ["--states", "Tests/Fixtures/captures/ipsec/basic4/commands.txt"]

    @Test func twoHalvesAreMergedByTime() throws {
        // Every second packet goes to the other file.
        var halves = [sample.prefix(24), sample.prefix(24)]
        var (offset, count) = (24, 0)
        while offset < sample.count {
            let length = 16 + Int(sample[offset + 8]) + Int(sample[offset + 9]) << 8
            halves[count % 2] += sample[offset..<offset + length]
            offset += length
            count += 1
        }
        let paths = [try scratch.write(halves[0], to: "even.pcap"), try scratch.write(halves[1], to: "odd.pcap")]
        let place = ["--at", "pod:productpage-v1-0"]
        let merged = try kmeshSim(["replay"] + paths + Sample.mesh + place)
        let whole = try kmeshSim(["replay", Sample.capture] + Sample.mesh + place)
        #expect(
            merged.output.split(separator: "\n").dropFirst(2) == whole.output.split(separator: "\n").dropFirst(1)[...])
    }

    @Test(.enabled(if: UpstreamSamples.areWanted, "\(UpstreamSamples.absence)"))
    func everyForeignCaptureEndsWithAWord() throws {
        let directory = "\(UpstreamSamples.directory)/captures/tcpdump"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        #expect(names.count { $0.hasSuffix(".pcap") } >= 19)
        // What has not one packet that can be looked into.
        let unreadable: Set = ["LICENSE", "esp-secrets.txt", "unsupported-link-type-160.pcap"]
        for name in names {
            let path = "\(directory)/\(name)"
            for arguments in [
                ["replay", path] + Sample.mesh, ["replay", path, "--tunnels", "all", "-o", "json"] + Sample.mesh,
                ["decrypt", path] + states,
            ] {
                let finished = try kmeshSim(arguments)
                #expect((finished.code == 3) == unreadable.contains(name), "\(arguments): \(finished.errors)")
                #expect(finished.code <= 1 || finished.code == 3, "\(arguments)")
                #expect((finished.code == 3 ? finished.errors : finished.output) != "", "\(arguments)")
            }
        }
    }

    @Test(.enabled(if: UpstreamSamples.areWanted, "\(UpstreamSamples.absence)"))
    func tunnelsAreOpenedOnRequest() throws {
        for (name, kind) in [("vxlan", "vxlan"), ("geneve", "geneve")] {
            let path = "\(UpstreamSamples.directory)/captures/tcpdump/\(name).pcap"
            #expect(try replay([path], "--tunnels", kind).output.contains("taken out of a tunnel"))
            #expect(try !replay([path]).output.contains("taken out of a tunnel"))
        }
    }
}
