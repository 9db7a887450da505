import Inputs
import Model
import Scenario
import Testing

/// The last step of a scenario.
private func step(_ steps: String) throws(InputError) -> Step {
    let entries = try scenario(steps: steps).steps
    return entries[entries.count - 1].step
}

private func connect(_ steps: String) throws -> Connect {
    guard case .connect(let connect) = try step(steps) else { throw InputError("t.yaml", nil, "no connect") }
    return connect
}

@Test func connectHasDefaults() throws {
    let connect = try connect("- connect: {from: productpage, to: \"reviews:9080\"}")
    guard case .workload(let name) = connect.caller else { throw connect.target.error("no workload") }
    #expect(name.value == "productpage" && name.place.description == "t.yaml:3:19")
    #expect(connect.target.value == Target(.name("reviews"), port: 9080))
    #expect(connect.target.place.description == "t.yaml:3:36")
    #expect(connect.transport == .tcp && connect.addressing == .ofTarget && connect.repeatCount == 1)
    #expect(connect.socket == .once && connect.socketFamily == nil)
}

@Test func connectReadsEveryKey() throws {
    let connect = try connect("- connect: {node: node-a, to: a:1, protocol: udp, repeat: 1000000, family: v6}")
    guard case .nodeProcess(let node) = connect.caller else { throw connect.target.error("no node") }
    #expect(node.value == "node-a" && connect.transport == .udp && connect.repeatCount == 1_000_000)
    #expect(connect.addressing == .v6)
}

@Test(arguments: [
    ("to: \"a:1\"", Connect.Addressing.ofTarget, "a:1"),
    ("to: \"a:1\", mapped: false", .ofTarget, "a:1"),
    ("to: \"a:1\", mapped: true", .mapped, "a:1"),
    ("to: \"a:1\", family: v4", .v4, "a:1"),
    ("to: \"10.0.0.1:1\"", .v4, "10.0.0.1:1"),
    ("to: \"10.0.0.1:1\", mapped: true", .mapped, "10.0.0.1:1"),
    ("to: \"[::ffff:10.0.0.1]:1\"", .mapped, "10.0.0.1:1"),
    ("to: \"[::ffff:10.0.0.1]:1\", family: v6", .mapped, "10.0.0.1:1"),
    ("to: \"[fd00::1]:1\"", .v6, "[fd00::1]:1"),
])
func addressingFollowsTheTarget(_ keys: String, _ addressing: Connect.Addressing, _ target: String) throws {
    let connect = try connect("- connect: {from: p, \(keys)}")
    #expect(connect.addressing == addressing)
    #expect(connect.target.value.description == target)
}

@Test(arguments: [
    ("to: \"10.0.0.1:1\"", "to: \"10.0.0.2:1\"", Connect.Addressing.v4),
    ("to: \"10.0.0.1:1\"", "to: \"a:1\"", .v4),
    ("to: \"[fd00::1]:1\"", "to: \"10.0.0.2:1\"", .mapped),
    ("to: \"10.0.0.1:1\", mapped: true", "to: \"[fd00::1]:1\"", .v6),
    ("to: \"10.0.0.1:1\", mapped: true", "to: \"a:1\"", .mapped),
    ("to: \"a:1\"", "to: \"10.0.0.2:1\"", .v4),
])
func reusedSocketKeepsItsFamily(_ first: String, _ second: String, _ addressing: Connect.Addressing) throws {
    let steps = "- connect: {from: p, \(first), protocol: udp, keep: s}\n- connect: {reuse: s, \(second)}"
    let connect = try connect(steps)
    #expect(connect.addressing == addressing && connect.transport == .udp && connect.caller.name.value == "p")
}

@Test func socketNamesCanBeTakenAgainAfterClosing() throws {
    let keep = "- connect: {from: p, to: \"a:1\", keep: s}\n"
    guard case .close(let socket) = try step(keep + "- close: s\n" + keep + "- close: s") else { return }
    #expect(socket.place.position.line == 6)
}

@Test func sendReadsTextAndBytes() throws {
    let keep = "- connect: {from: p, to: \"a:1\", keep: s}\n"
    guard case .send(let text) = try step(keep + "- send: {socket: s, payload: \"GET /\"}"),
        case .send(let hex) = try step(keep + "- send: {socket: s, hex: 0102}")
    else { throw InputError("t.yaml", nil, "no send") }
    #expect(text.payload == Array("GET /".utf8) && text.socket.value == "s")
    #expect(hex.payload == [1, 2])
}

@Test func dnsReadsQuestionsAndWhatNobodyAskedFor() throws {
    let ask = "- dns: {from: p, server: 10.96.0.10, socket: s}\n"
    guard case .dns(let first) = try step(ask),
        case .dns(let second) = try step(ask + "- dns: {server: dns.kube-system, port: 5353, socket: s, reply: false}"),
        case .dns(let third) = try step(ask + "- dns: {from: p, unsolicited: \"1.2.3.4:53\", socket: s}")
    else { throw InputError("t.yaml", nil, "no dns") }
    guard case .question(let server, isAnswered: true) = first.traffic, case .keep = first.socket else {
        throw first.client.error("no question")
    }
    #expect(server.value.description == "10.96.0.10:53")
    guard case .question(let other, isAnswered: false) = second.traffic, case .reuse(let name) = second.socket else {
        throw first.client.error("no question")
    }
    #expect(other.value == Target(.name("dns.kube-system"), port: 5353))
    #expect(second.client.value == "p" && name.value == "s")
    #expect(third.traffic == .unsolicited(from: SocketAddress(.v4(0x0102_0304), port: 53)))
}

@Test func changesReadEveryForm() throws {
    guard case .apply(let sources) = try step("- apply: [a.yaml, {inline: {kind: Pod}}]"),
        case .remove(let objects) = try step("- remove: [Service/default/reviews, Workload/vm]"),
        case .patch(let patch) = try step("- patch: {object: Deployment/d/a, merge: {spec: {replicas: 3, x: null}}}"),
        case .health(let health) = try step("- health: {unhealthy: [a, b], healthy: c}"),
        case .restart(let short) = try step("- restart: a"),
        case .restart(let long) = try step("- restart: {owners: [a, b], surge: false}"),
        case .manage(let managed) = try step("- manage: a"),
        case .release(let released) = try step("- release: [a, b]"),
        case .advance(let nanoseconds) = try step("- advance: 1m30s"),
        case .snapshot(let snapshot) = try step("- snapshot: before"),
        case .restore(let restored) = try step("- snapshot: before\n- restore: before")
    else { throw InputError("t.yaml", nil, "another step") }
    #expect(sources.count == 2 && objects.map(\.value.description) == ["Service/default/reviews", "Workload/vm"])
    #expect(patch.object.value.description == "Deployment/d/a" && patch.merge["spec", "replicas"]?.integer == 3)
    #expect(health.unhealthy.map(\.value) == ["a", "b"] && health.healthy.map(\.value) == ["c"])
    #expect(short.owners.map(\.value) == ["a"] && short.order == .newBeforeOld)
    #expect(long.owners.map(\.value) == ["a", "b"] && long.order == .oldBeforeNew)
    #expect(managed.map(\.value) == ["a"] && released.map(\.value) == ["a", "b"])
    #expect(nanoseconds == 90_000_000_000)
    #expect(snapshot.value == "before" && restored.place.position.line == 4)
}

@Test func moveTellsWorkloadsAndNodesApart() throws {
    guard case .move(.workloads(let names, let node)) = try step("- move: {workload: [a, b], node: node-b}"),
        case .move(.workloadLocality(_, let locality)) = try step("- move: {workload: a, zone: z2, subzone: \"\"}"),
        case .move(.node(let moved, _)) = try step("- move: {node: node-a, region: r2}")
    else { throw InputError("t.yaml", nil, "another step") }
    #expect(names.map(\.value) == ["a", "b"] && node.value == "node-b" && moved.value == "node-a")
    #expect(locality == LocalityChange(region: nil, zone: "z2", subzone: ""))
    let before = Locality(region: "r1", zone: "z1", subzone: "s1")
    #expect(locality.applied(to: before) == Locality(region: "r1", zone: "z2", subzone: ""))
}

@Test func mapWriteKeepsKeysAndValues() throws {
    let text = """
        - mapWrite:
            node: node-a
            put: {km_endpoint: {"ns/host/0/1": b}, km_service: {"ns/host": {endpointCounts: [2]}}}
            delete: {km_endpoint: ["ns/host/0/2", "ns/host/0/3"], km_frontend: 10.0.0.1}
        """
    guard case .mapWrite(let writes) = try step(text) else { throw InputError("t.yaml", nil, "another step") }
    let texts = writes.writes.map { write in
        switch write {
        case .delete(let map, let key): "-\(map.rawValue) \(key.value)"
        case .put(let map, let key, let value): "+\(map.rawValue) \(key.value) \(value.kindName)"
        }
    }
    #expect(
        texts == [
            "-km_endpoint ns/host/0/2", "-km_endpoint ns/host/0/3", "-km_frontend 10.0.0.1",
            "+km_endpoint ns/host/0/1 \"b\"", "+km_service ns/host a mapping",
        ])
    #expect(writes.node?.value == "node-a")
}

@Test(arguments: [("on", true, nil), ("off", false, nil), ("{node: n, offload: off}", false, "n")])
func readsAuthz(_ value: String, _ isOn: Bool, _ node: String?) throws {
    guard case .authz(let offload) = try step("- authz: \(value)") else { throw InputError("t.yaml", nil, "no authz") }
    #expect(offload.isOn == isOn && offload.node?.value == node)
}

private func packet(_ value: String) throws -> Packet {
    guard case .packet(let packet) = try step("- packet: \(value)") else {
        throw InputError("t.yaml", nil, "no packet")
    }
    return packet
}

@Test func readsPacketsAsBytes() throws {
    let packet = try packet("{to: a, hex: \"00 0102\"}")
    #expect(packet.pod.value == "a" && packet.content == .bytes([0, 1, 2]))
}

@Test func packetsHaveDefaults() throws {
    let packet = try packet("{to: \"a:80\", from: b}")
    guard case .described(let description) = packet.content else { throw packet.pod.error("bytes") }
    #expect(packet.pod.value == "a" && description.destinationPort == 80)
    #expect(description.source.value == .name("b") && description.sourcePort == Packet.defaultSourcePort)
    #expect(description.family == nil && description.flags == .syn && description.fragment == nil)
    #expect(description.tags.isEmpty && description.ipOptions.isEmpty && description.extensionHeaders.isEmpty)
    #expect(description.payload.isEmpty)
}

@Test func readsEverythingAboutAPacket() throws {
    let packet = try packet(
        """
        {to: "a:80", from: "[fd00::1]:7", family: v6, flags: [psh, ack], tags: [serviceVLAN, vlan], ipOptions: "0101",
            extensionHeaders: [hopByHop, authentication], payload: hi, fragment: {id: 4294967295, from: 8, to: 24}}
        """)
    guard case .described(let description) = packet.content else { throw packet.pod.error("bytes") }
    #expect(description.source.value == .address(.v6(high: 0xfd00 << 48, low: 1)) && description.sourcePort == 7)
    #expect(description.family == .v6 && description.flags == [.psh, .ack])
    #expect(description.tags == [.serviceVLAN, .vlan] && description.ipOptions == [1, 1])
    #expect(description.extensionHeaders == [.hopByHop, .authentication] && description.payload == Array("hi".utf8))
    #expect(description.fragment?.identification == .max && description.fragment?.range == 8..<24)
}
