import Inputs
import Model
import Testing

@testable import Sim

/// A runner that does not notice a wrong expectation is worth nothing: every value of every expectation is changed in
/// turn, and the case has to fail.
struct ConformanceMutationTests {
    @Test(arguments: ConformanceFamily.allCases)
    func everyChangedValueIsNoticed(in family: ConformanceFamily) throws {
        var count = 0
        for vector in try Vectors.runnable() where vector.family == family.rawValue {
            for mutant in mutants(of: vector) {
                count += 1
                let report = try Conformance.run([mutant.vector])
                #expect(report.passed == [], "\(vector.id) passes with \(mutant.what)")
                #expect(report.failed.first?.id == vector.id)
            }
        }
        #expect(count > 0)
    }

    /// Changes that the generic ones do not make: to a value of the same kind that could be true.
    @Test(arguments: [
        (
            "connect/control_enable_929", #""storage": null, "managedAfter": true"#,
            #""storage": {"viaWaypoint": false}"#
        ),
        ("connect/unmanaged_dns_with_backend0", #""replySeenFrom": "10.96"#, #""replySeenFrom": "127.0"#),
        ("connect/failover_only_prio3", #""127.0.0.13:8080": 246"#, #""127.0.0.15:8080": 246"#),
        ("connect/random_5ep_hist", #""127.0.0.12:8080": 387"#, #""127.0.0.12:8080": 386"#),
        ("connect/control_disable_930", #""managed": "yes""#, #""managed": "other""#),
        ("connect/v4_vip_backend_v6", #""253.0.0.1:8080""#, #""[fd00:1::11]:8080""#),
        ("kmesh-endpoints-3", #"["wl1", "wl2"]}"#, #"["wl2", "wl1"]}"#),
        ("kmesh-lbupdate-0", "[4, 0, 0, 0]", "[3, 1]"),
        ("kmesh-dns-0", #""ips": ["10.0.0.1"]"#, #""ips": []"#),
        ("kmesh-rbac-2-3", #""action": "DENY""#, #""action": "ALLOW""#),
        ("zt-decide-3", #""name": "deny", "namespace": "ns1""#, #""name": "deny", "namespace": "ns9""#),
        ("zt-strmatch-6", #"{"suffix": "foo"}"#, #"{"prefix": "foo"}"#),
        ("kmesh-e2e-port-3", #""port": 9091, "targetPort": 16060"#, #""port": 9091, "targetPort": 19090"#),
        ("xdp-authz/base/two-workloads", #""policies": [2]"#, #""policies": [1]"#),
        ("xdp-authz/port/allow-miss", #""destination_ports": [80]"#, #""destination_ports": [81]"#),
        ("xdp-rst/v4-denied-syn", "5004faf0", "5014faf0"),
    ])
    func changesThatCouldBeTrueAreNoticed(_ id: String, _ old: String, _ new: String) throws {
        let line = try #require(try line(of: id))
        let range = try #require(line.firstRange(of: old))
        var changed = line
        changed.replaceSubrange(range, with: new)
        #expect(try run(line).isSuccess)
        #expect(try run(changed).failed.map(\.id) == [id])
    }

    /// Shares far from the recorded ones fail although the destinations are the same.
    @Test func skewedSharesAreNoticed() throws {
        var line = try #require(try line(of: "connect/random_5ep_hist"))
        for (old, new) in [("387", "587"), ("410", "210")] {
            let range = try #require(line.firstRange(of: ":8080\": \(old)"))
            line.replaceSubrange(range, with: ":8080\": \(new)")
        }
        let report = try run(line)
        #expect(report.failed.first?.expected.contains("shares") == true)
    }

    private func line(of id: String) throws -> String? {
        for path in Vectors.paths {
            for line in try TextFile.contents(ofPath: path).split(separator: "\n")
            where line.contains("\"id\": \"\(id)\"") {
                return String(line)
            }
        }
        return nil
    }

    // MARK: Mutants

    private func mutants(of vector: ConformanceCase) -> [(vector: ConformanceCase, what: String)] {
        var mutants: [(ConformanceCase, String)] = []
        for (changed, what) in vector.expect.map(variants) ?? [] {
            var mutant = vector
            mutant.expect = changed
            mutants.append((mutant, what))
        }
        guard let steps = vector.steps, let elements = steps.elements else { return mutants }
        for (index, step) in elements.enumerated() {
            guard let entry = step.entries?.firstIndex(where: { $0.key == "expect" }), let expect = step["expect"]
            else {
                continue
            }
            for (changed, what) in variants(of: expect) {
                var mutant = vector
                mutant.steps = steps.replacing([.element(index), .entry(entry)], with: changed)
                mutants.append((mutant, "step \(index + 1) \(what)"))
            }
        }
        return mutants
    }

    /// The node with one scalar, one key of a mapping that holds data, or one list changed. Keys of the format itself
    /// become unknown ones, which must not pass either.
    private func variants(of node: DocumentNode) -> [(DocumentNode, String)] {
        node.paths.flatMap { path -> [(DocumentNode, String)] in
            let old = node[path[...]]
            return changed(old).map { new in
                (node.replacing(path[...], with: new), "\(old.kindName) changed to \(new.kindName)")
            }
        }
    }

    private func changed(_ node: DocumentNode) -> [DocumentNode] {
        switch node.value {
        case .null: return [.scalar("10.9.9.9:9", isQuoted: true)]
        case .scalar(let text, let isQuoted):
            if let boolean = node.boolean { return [.scalar(String(!boolean))] }
            if !isQuoted, let number = node.integer { return [.scalar(String(number + 1))] }
            return [.scalar(text + "0", isQuoted: true)]
        case .sequence(let elements):
            let longer = elements + [elements.last ?? .scalar("extra", isQuoted: true)]
            let shorter = elements.dropLast()
            var changed = [DocumentNode(.sequence(longer), at: node.position)]
            // A list of counts may leave out zeros at its end.
            if elements.last.map({ $0.integer != 0 }) ?? false {
                changed.append(DocumentNode(.sequence(Array(shorter)), at: node.position))
            }
            return elements.last?.integer == 0 ? [] : changed
        case .mapping(let entries) where entries.isEmpty: return [.scalar("text", isQuoted: true)]
        case .mapping(let entries):
            // That another address is not found is true as well.
            let isNegative = { (entry: DocumentNode.Entry) in
                IPAddress(entry.key) != nil && entry.value.boolean == false
            }
            return entries.indices.filter { !isNegative(entries[$0]) }.map { index in
                var entries = entries
                entries[index].key += "9"
                return DocumentNode(.mapping(entries), at: node.position)
            } + [DocumentNode(.mapping([]), at: node.position)]
        }
    }
}
