/// Reads the documents of a YAML or JSON source one by one, in memory bounded by the largest piece.
///
/// Large lists need not fit into memory: the elements of a document that is a list, and of the lists under the keys in
/// `streaming` of a document that is a mapping, are handed out one by one.
public struct DocumentReader: ~Copyable {
    /// A piece of the source.
    public enum Piece {
        /// An element of a streamed list, and the key of the list (empty when the document itself is the list).
        case element(DocumentNode, key: String)
        /// A document's end: the document without the elements of its streamed lists.
        case document(DocumentNode)
    }

    /// Nesting deeper than this is refused.
    static let depthLimit = 128
    /// Values that aliases may expand to in one document.
    static let aliasLimit = 1_000_000

    private var events: YAMLEvents
    private let streaming: Set<String>
    private var anchors: [String: Subtree] = [:]
    private var expanded = 0
    private var state = State.outside
    private var open = OpenDocument()

    private enum State { case outside, inList, inMapping, inStreamedList(key: String) }

    /// A document of which a part is already handed out.
    private struct OpenDocument {
        var entries: [DocumentNode.Entry] = []
        var position = Position(line: 1, column: 1)
    }

    /// A value and the measures of what it holds.
    private struct Subtree {
        var node: DocumentNode
        /// How many values it is, aliases expanded.
        var size = 1
        /// How many levels of values are below it, aliases expanded.
        var height = 0
    }

    /// Reads a file; `-` is standard input.
    public init(path: String, streaming: Set<String> = []) throws(InputError) {
        events = try YAMLEvents(path: path)
        self.streaming = streaming
    }

    /// Reads text in memory; `file` names it in errors.
    public init(text: String, file: String, streaming: Set<String> = []) {
        events = YAMLEvents(text: text, file: file)
        self.streaming = streaming
    }

    public var file: String { events.file }
    /// Characters read so far.
    public var offset: Int { events.offset }

    /// The next piece, nil at the end of the source. Empty documents are skipped.
    public mutating func next() throws(InputError) -> Piece? {
        while true {
            switch state {
            case .outside:
                guard let event = try events.next() else { return nil }
                guard case .documentStart = event else { continue }
                if let piece = try startDocument() { return piece }
            case .inList:
                let event = try nextEvent()
                if case .sequenceEnd = event {
                    state = .outside
                    return .document(DocumentNode(.sequence([]), at: open.position))
                }
                return .element(try node(from: event, depth: 1).node, key: "")
            case .inMapping:
                if let piece = try continueMapping() { return piece }
            case .inStreamedList(let key):
                let event = try nextEvent()
                if case .sequenceEnd = event {
                    state = .inMapping
                    continue
                }
                return .element(try node(from: event, depth: 2).node, key: key)
            }
        }
    }

    /// The only document of the source.
    /// - Throws: also when there is none, or more than one.
    public mutating func single() throws(InputError) -> DocumentNode {
        guard case .document(let node)? = try next() else { throw InputError(file, nil, "is empty") }
        guard try next() == nil else {
            throw InputError(file, events.position, "a second document; this file may hold one only")
        }
        return node
    }

    private mutating func startDocument() throws(InputError) -> Piece? {
        anchors = [:]
        expanded = 0
        let event = try nextEvent()
        open = OpenDocument(position: events.position)
        switch event {
        case .sequenceStart(anchor: nil) where !streaming.isEmpty:
            state = .inList
            return nil
        case .mappingStart(anchor: nil):
            state = .inMapping
            return nil
        default:
            let node = try node(from: event, depth: 0).node
            return node.isNull ? nil : .document(node)
        }
    }

    /// Reads entries of the top mapping up to a streamed list or its end.
    private mutating func continueMapping() throws(InputError) -> Piece? {
        let event = try nextEvent()
        if case .mappingEnd = event {
            state = .outside
            let node = DocumentNode(.mapping(try merged(open.entries)), at: open.position)
            return .document(node)
        }
        let (key, keyPosition) = try key(from: event)
        try refuseDuplicate(key, at: keyPosition, in: open.entries)
        let valueEvent = try nextEvent()
        let position = events.position
        if case .sequenceStart(anchor: nil) = valueEvent, streaming.contains(key) {
            let empty = DocumentNode(.sequence([]), at: position)
            open.entries.append(.init(key: key, keyPosition: keyPosition, value: empty))
            state = .inStreamedList(key: key)
            return nil
        }
        let value = try node(from: valueEvent, depth: 1).node
        open.entries.append(.init(key: key, keyPosition: keyPosition, value: value))
        return nil
    }

    private mutating func nextEvent() throws(InputError) -> YAMLEvent {
        guard let event = try events.next() else { throw InputError(file, events.position, "ends too early") }
        return event
    }

    private func key(from event: YAMLEvent) throws(InputError) -> (String, Position) {
        guard case .scalar(let key, _, _) = event else {
            throw InputError(file, events.position, "a key must be text")
        }
        return (key, events.position)
    }

    private func refuseDuplicate(
        _ key: String, at position: Position, in entries: [DocumentNode.Entry]
    ) throws(InputError) {
        if let first = entries.first(where: { $0.key == key }) {
            throw InputError(file, position, "key \"\(key)\" again; it is already at line \(first.keyPosition.line)")
        }
    }

    /// Builds the value that `event` begins, at that depth of the document.
    private mutating func node(from event: YAMLEvent, depth: Int) throws(InputError) -> Subtree {
        let position = events.position
        try checkDepth(depth, at: position)
        switch event {
        case .scalar(let text, let isQuoted, let anchor):
            let isNull = !isQuoted && ["", "~", "null", "Null", "NULL"].contains(text)
            let subtree = Subtree(node: DocumentNode(isNull ? .null : .scalar(text, isQuoted: isQuoted), at: position))
            if let anchor { anchors[anchor] = subtree }
            return subtree
        case .sequenceStart(let anchor):
            let subtree = try sequence(at: position, depth: depth)
            if let anchor { anchors[anchor] = subtree }
            return subtree
        case .mappingStart(let anchor):
            let subtree = try mapping(at: position, depth: depth)
            if let anchor { anchors[anchor] = subtree }
            return subtree
        case .alias(let name):
            guard var subtree = anchors[name] else {
                throw InputError(file, position, "alias *\(name) has no anchor &\(name) before it")
            }
            try checkDepth(depth + subtree.height, at: position)
            expanded += subtree.size
            guard expanded <= Self.aliasLimit else {
                throw InputError(file, position, "aliases expand to more than \(Self.aliasLimit) values")
            }
            subtree.node = DocumentNode(subtree.node.value, at: position)
            return subtree
        case .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            throw InputError(file, position, "a value is missing here")
        }
    }

    /// Whoever walks a document recurses as deep as it is nested, so that the depth must be bounded.
    private func checkDepth(_ depth: Int, at position: Position) throws(InputError) {
        guard depth < Self.depthLimit else {
            throw InputError(file, position, "nested deeper than \(Self.depthLimit) levels")
        }
    }

    private mutating func sequence(at position: Position, depth: Int) throws(InputError) -> Subtree {
        var elements: [DocumentNode] = []
        var result = Subtree(node: DocumentNode(.null, at: position))
        while true {
            let event = try nextEvent()
            if case .sequenceEnd = event { break }
            let element = try node(from: event, depth: depth + 1)
            elements.append(element.node)
            result.size += element.size
            result.height = max(result.height, element.height + 1)
        }
        result.node = DocumentNode(.sequence(elements), at: position)
        return result
    }

    private mutating func mapping(at position: Position, depth: Int) throws(InputError) -> Subtree {
        var entries: [DocumentNode.Entry] = []
        var seen: Set<String> = []
        var result = Subtree(node: DocumentNode(.null, at: position))
        while true {
            let event = try nextEvent()
            if case .mappingEnd = event { break }
            let (key, keyPosition) = try key(from: event)
            if !seen.insert(key).inserted { try refuseDuplicate(key, at: keyPosition, in: entries) }
            let value = try node(from: nextEvent(), depth: depth + 1)
            entries.append(.init(key: key, keyPosition: keyPosition, value: value.node))
            result.size += value.size
            result.height = max(result.height, value.height + 1)
        }
        result.node = DocumentNode(.mapping(try merged(entries)), at: position)
        return result
    }

    /// Resolves the merge key `<<` of YAML 1.1: the mapping's own keys win, then earlier merged ones.
    private func merged(_ entries: [DocumentNode.Entry]) throws(InputError) -> [DocumentNode.Entry] {
        guard let index = entries.firstIndex(where: { $0.key == "<<" }) else { return entries }
        var result = entries
        let merge = result.remove(at: index)
        var sources = [merge.value]
        if case .sequence(let list) = merge.value.value { sources = list }
        for source in sources {
            guard let more = source.entries else {
                throw InputError(file, merge.keyPosition, "\"<<\" must name a mapping, not \(source.kindName)")
            }
            for entry in more where !result.contains(where: { $0.key == entry.key }) { result.append(entry) }
        }
        return result
    }
}
