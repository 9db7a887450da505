import Inputs
import Model
import Scenario

extension ScenarioRunner {
    /// Changes map entries behind the compiler's back.
    mutating func mapWrite(_ step: MapWrites, _ result: inout StepResult) throws(InputError) {
        var nodes = world.nodeNames
        if let node = step.node {
            guard nodes.contains(node.value) else { throw node.error("node \"\(node.value)\" has no maps") }
            nodes = [node.value]
        }
        result.title = "write maps of \(nodes.joined(separator: ", "))"
        for name in nodes {
            for write in step.writes { try self.write(write, node: name, &result) }
        }
    }

    private mutating func write(
        _ write: MapWrites.Write, node name: String, _ result: inout StepResult
    ) throws(InputError) {
        guard let node = world.nodes[name] else { return }
        let text = MapText(node: node, book: book, world: world)
        let mapWrite: MapWrite
        let key: Located<String>
        switch write {
        case .delete(let map, let deleted):
            key = deleted
            guard let found = try text.key(map, key) else { throw key.error("\"\(key.value)\" has no id on \(name)") }
            mapWrite = .delete(found)
            result.facts.append("\(name): delete \(map.rawValue) \(key.value)")
        case .put(let map, let put, let value):
            key = put
            guard let found = try text.key(map, key) else { throw key.error("\"\(key.value)\" has no id on \(name)") }
            let old = text.entry(found) ?? MapText.emptyEntry(found)
            mapWrite = .put(try text.entry(old, changedBy: value, at: key.place))
            result.facts.append("\(name): put \(map.rawValue) \(key.value)")
        }
        do throws(MapError) {
            try world.write(mapWrite, node: name)
        } catch {
            throw key.error("the map refuses it: \(error.name)")
        }
    }
}
