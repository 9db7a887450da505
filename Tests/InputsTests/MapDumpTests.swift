import Inputs
import Model
import TestSupport
import Testing

/// A list of bytes as bpftool prints it.
private func hex(_ bytes: [UInt8]) -> String {
    let texts = bytes.map { (byte: UInt8) -> String in
        let digits = String(byte, radix: 16)
        return "\"0x\(digits.count == 1 ? "0" : "")\(digits)\""
    }
    return "[\(texts.joined(separator: ","))]"
}

private func read(_ map: DumpedMap, _ text: String) throws -> (entries: [MapDump.Entry], notes: [String]) {
    try MapDump.entries(of: map, text: text, file: "m.json")
}

@Suite struct MapDumpTests {
    private static let key = [UInt8](repeating: 0, count: 12) + [1, 2, 3, 4]

    @Test func theSizesAreThoseOfTheKernel() {
        let sizes = DumpedMap.allCases.map { "\($0.rawValue) \($0.byteCounts.key) \($0.byteCounts.value)" }
        for size in [
            "km_frontend 16 4", "km_service 4 132", "km_endpoint 12 4", "km_backend 4 80", "km_manage 16 4",
            "km_nodeinfo 20 4", "km_wlpolicy 4 16", "km_auth_res 36 4",
        ] {
            #expect(sizes.contains(size))
        }
    }

    @Test(arguments: ["compact", "pretty", "formatted"])
    func everyFormOfAnEntryIsRead(_ form: String) throws {
        let (key, value) = (hex(Self.key), hex([0xff, 0, 0x0a, 1]))
        let text =
            switch form {
            case "compact": "[{\"key\":\(key),\"value\":\(value)}]\n"
            case "pretty": "[{\n        \"key\": \(key),\n        \"value\": \(value)\n    }\n]\n"
            default: "[{\"key\":\(key),\"value\":\(value),\"formatted\":{\"key\":{\"addr\":1},\"value\":{\"id\":2}}}]"
            }
        let (entries, notes) = try read(.frontend, text)
        #expect(entries == [MapDump.Entry(key: Self.key, value: [0xff, 0, 0x0a, 1])])
        #expect(notes.isEmpty)
    }

    @Test func anEmptyMapIsAnEmptyList() throws {
        #expect(try read(.service, "[]").entries.isEmpty)
    }

    @Test func entriesThatWentDuringTheDumpAreNoted() throws {
        let text = "[{\"key\":\(hex(Self.key)),\"value\":{\"error\":\"No such file or directory\"}}]"
        let (entries, notes) = try read(.frontend, text)
        #expect(entries.isEmpty)
        #expect(
            notes == ["m.json:1: km_frontend entry 1 left out: bpftool could not read it: No such file or directory"])
    }

    @Test(arguments: [
        ("", "m.json: is empty; an empty map is dumped as []"),
        ("[{", "m.json:2:1: not valid YAML or JSON"),
        ("{\"error\":\"bad map\"}", "m.json:1:1: bpftool could not dump the map: bad map"),
        ("{\"key\":[]}", "m.json:1:1: a dump of km_endpoint must be a list"),
        ("[] \n---\n[]", "m.json:3:1: a second dump"),
        ("[7]", "m.json:1:2: km_endpoint entry 1: must be {"),
        ("[{\"value\":[]}]", "m.json:1:2: \"key\" is missing here"),
        (
            "[{\"key\":[\"0x01\"],\"value\":[]}]",
            "m.json:1:9: km_endpoint entry 1: the key of km_endpoint takes 12 bytes, not 1"
        ),
        (
            "[{\"key\":KEY,\"value\":[]}]",
            "m.json:1:103: km_endpoint entry 1: the value of km_endpoint takes 4 bytes, not 0"
        ),
        ("[{\"key\":KEY}]", "m.json:1:2: \"value\" is missing here"),
        ("[{\"key\":KEY,\"value\":7}]", "m.json:1:103: km_endpoint entry 1: the value must be a list of bytes"),
        (
            "[{\"key\":KEY,\"value\":[\"0x00\",\"0x1g\",\"0x00\",\"0x00\"]}]",
            "m.json:1:111: km_endpoint entry 1: byte 1 of"
        ),
        (
            "[{\"key\":KEY,\"value\":[\"0x00\",\"0x100\",\"0x00\",\"0x00\"]}]",
            "m.json:1:111: km_endpoint entry 1: byte 1 of"
        ),
        (
            "[{\"key\":KEY,\"value\":[\"0x00\",\"0x-1\",\"0x00\",\"0x00\"]}]",
            "m.json:1:111: km_endpoint entry 1: byte 1 of"
        ),
        (
            "[{\"key\":KEY,\"value\":[0,0,0,0]}]",
            "m.json:1:104: km_endpoint entry 1: byte 0 of the value must be \"0x00\""
        ),
        (
            "[{\"key\":KEY,\"value\":VALUE},\n {\"key\":KEY,\"value\":VALUE}]",
            "m.json:2:2: km_endpoint entry 2: has the same"
        ),
        ("[{\"key\":KEY,\"values\":[]}]", "m.json:1:104: km_endpoint entry 1: is of a per-CPU map"),
        ("[{\"key\":KEY,\"value\":VALUE,\"cpu\":1}]", "m.json:1:133: unknown key \"cpu\""),
    ])
    func whatIsWrongIsSaidWithMapEntryAndPlace(_ text: String, _ message: String) throws {
        var parts: [String] = []
        for (index, part) in text.split(separator: "KEY", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { parts.append(hex([UInt8](repeating: 9, count: 12))) }
            parts += part.split(separator: "VALUE", omittingEmptySubsequences: false).enumerated()
                .map { ($0 > 0 ? hex([1, 0, 0, 0]) : "") + $1 }
        }
        let error = try #require(throws: InputError.self) { try read(.endpoint, parts.joined()) }
        #expect("\(error)".hasPrefix(message), "\(error)")
    }

    @Test func writtenTextIsSortedAndReadsTheSame() throws {
        let entries = [
            MapDump.Entry(key: [2, 0, 0, 0], value: [UInt8](repeating: 0xab, count: 16)),
            MapDump.Entry(key: [1, 0, 0, 0], value: Array(0..<16)),
        ]
        let dump = MapDump(entries: [.workloadPolicy: entries])
        let text = dump.bpftoolText(of: .workloadPolicy)
        #expect(text.hasPrefix(#"[{"key":["0x01","0x00","0x00","0x00"],"value":["0x00","0x01","#))
        #expect(text.hasSuffix("\"0xab\"]}]\n"))
        #expect(try read(.workloadPolicy, text).entries == entries.reversed())
        #expect(dump.bpftoolText(of: .service) == "[]\n")
    }

    @Test func aDumpBecomesAStoreAndBack() throws {
        var store = MapStore(capacities: .upstream)
        let address = try #require(IPAddress("10.96.0.1"))
        try store.put(.frontend(FrontendKey(address), FrontendValue(upstream_id: 7)))
        var service = ServiceValue()
        service.servicePorts[0] = mapPort(80)
        try store.put(.service(ServiceKey(service_id: 7), service))
        try store.put(.endpoint(EndpointKey(service_id: 7, prio: 0, backend_index: 1), EndpointValue(backend_uid: 9)))
        try store.put(.manage(ManageKey(cookie: 0x0102), ManageValue(state: 0)))
        let prefix = try #require(Prefix("10.1.0.0/16"))
        try store.put(.nodeInfo(NodeInfoKey(prefix), 1))
        var names = NameTable()
        let id = names.id(for: "ns/host")
        let dump = MapDump(of: store, names: names)
        #expect(dump.entries[.frontend]?.first?.key == [10, 96, 0, 1] + [UInt8](repeating: 0, count: 12))
        #expect(dump.entries[.service]?.first?.value.dropFirst(32).prefix(4) == [0, 80, 0, 0])
        let again = try dump.store(capacities: .upstream)
        #expect(MapDump(of: again, names: names) == dump)
        #expect(again.frontend.lookup(FrontendKey(address))?.upstream_id == 7)
        #expect(try dump.nameTable().name(of: id) == "ns/host")
    }

    @Test func aStoreThatIsTooSmallNamesTheEntry() throws {
        let keys = [UInt8(1), 2].map { MapDump.Entry(key: [$0, 0, 0, 0], value: [UInt8](repeating: 0, count: 80)) }
        var capacities = MapCapacities.upstream
        capacities.backend = 1
        let error = try #require(throws: InputError.self) {
            try MapDump(entries: [.backend: keys]).store(capacities: capacities)
        }
        #expect("\(error)" == "km_backend.json: entry 2: the map takes 1 entries (E2BIG)")
    }

    @Test func namesSurviveWritingAndReading() throws {
        let names: [UInt32: String] = [7: "ns/host", 4_294_967_295: "odd \"name\" \\ \u{1}é"]
        let dump = MapDump(names: names)
        var reader = DocumentReader(text: dump.namesText, file: "names.json")
        #expect(try MapDump.names(of: reader.single(), file: "names.json") == names)
        #expect(MapDump().namesText == "{}\n")
    }

    @Test(arguments: [
        ("[]", "names.json:1:1: names must map ids to names"),
        ("{\"x\": \"a\"}", "names.json:1:2: an id must be a number from 1"),
        ("{\"0\": \"a\"}", "names.json:1:2: an id must be a number from 1"),
        ("{\"4294967296\": \"a\"}", "names.json:1:2: an id must be a number from 1"),
        ("{\"1\": \"a\", \"01\": \"b\"}", "names.json:1:12: id 1 is named twice"),
        ("{\"1\": \"a\", \"2\": \"a\"}", "names.json:1:17: a is the name of id 1 already"),
        ("{\"1\": \"\"}", "names.json:1:7: the name of id 1 must be one line of text"),
        ("{\"1\": \"a\\nb\"}", "names.json:1:7: the name of id 1 must be one line of text"),
    ])
    func namesThatCannotBeAreRefused(_ text: String, _ message: String) throws {
        var reader = DocumentReader(text: text, file: "names.json")
        let node = try reader.single()
        let error = try #require(throws: InputError.self) { try MapDump.names(of: node, file: "names.json") }
        #expect("\(error)".hasPrefix(message), "\(error)")
    }
}

@Suite struct MapDumpDirectoryTests {
    @Test func aDirectoryGivesItsMapsNamesAndNotes() throws {
        let directory = try ScratchDirectory()
        for map in DumpedMap.required { try directory.write("[]", to: map.fileName) }
        let backend = "[{\"key\":\(hex([5, 0, 0, 0])),\"value\":\(hex([UInt8](repeating: 1, count: 80)))}]"
        try directory.write(backend, to: "km_backend.json")
        try directory.write(#"{"5": "c//Pod/ns/p"}"#, to: "names.json")
        try directory.write("[]", to: "km_tcargs.json")
        try directory.write("hello", to: "README")
        var fractions: [Double?] = []
        let dump = try MapDump(directory: directory.path) { _, fraction in fractions.append(fraction) }
        #expect(Set(dump.entries.keys) == Set(DumpedMap.required))
        #expect(dump.entries[.backend]?.count == 1)
        #expect(dump.names == [5: "c//Pod/ns/p"])
        #expect(
            dump.notes
                == ["README", "km_tcargs.json"].map {
                    "\(directory.path)/\($0): left out: not a map that is understood"
                })
        #expect(fractions.first == 0 && fractions.last == 1)
    }

    @Test func missingMapsAreNamedWithWhatIsThere() throws {
        let directory = try ScratchDirectory()
        try directory.write("[]", to: "km_service.json")
        try directory.write("[]", to: "km_manage.json")
        let error = try #require(throws: InputError.self) { try MapDump(directory: directory.path) }
        #expect(
            error.message == """
                a directory of map dumps needs km_frontend.json, km_endpoint.json, km_backend.json too; it holds \
                km_manage.json, km_service.json
                """)
    }

    @Test func errorsNameTheFile() throws {
        let directory = try ScratchDirectory()
        for map in DumpedMap.required { try directory.write("[]", to: map.fileName) }
        try directory.write("[{\"key\":[],\"value\":[]}]", to: "km_service.json")
        let error = try #require(throws: InputError.self) { try MapDump(directory: directory.path) }
        #expect(error.file == "\(directory.path)/km_service.json")
        #expect(error.message == "km_service entry 1: the key of km_service takes 4 bytes, not 0")
    }
}
