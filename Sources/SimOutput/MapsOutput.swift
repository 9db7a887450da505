public import CommandLineTool
public import Sim

extension NodeMaps {
    /// Every map, or the one that is named, entry by entry with names.
    public func text(only map: String?, _ style: Style) -> String {
        let shown = sections.filter { map == nil || $0.map == map }
        let blocks = shown.map { section in
            let width = section.rows.map(\.key.count).max() ?? 0
            let title = "\(style.bold(section.map)): \(section.rows.count) of \(section.capacity) entries\n"
            return title + section.rows.map { "  \(padded($0.key, to: width))  \($0.value)\n" }.joined()
        }
        return "node \(node)\n\n" + blocks.joined(separator: "\n")
    }

    /// The same as a document.
    public func json(only map: String?) -> JSONValue {
        let shown = sections.filter { map == nil || $0.map == map }
        let maps = shown.map { section in
            [
                "map": .string(section.map), "capacity": JSONValue(section.capacity),
                "entries": .array(section.rows.map { ["key": .string($0.key), "value": .string($0.value)] }),
            ] as JSONValue
        }
        return ["node": .string(node), "maps": .array(maps)]
    }
}
