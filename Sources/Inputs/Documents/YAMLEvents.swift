import CYAML
import Glibc

/// One event of libyaml's parser, reduced to what documents need.
enum YAMLEvent {
    case documentStart
    case documentEnd
    case scalar(String, isQuoted: Bool, anchor: String?)
    case sequenceStart(anchor: String?)
    case sequenceEnd
    case mappingStart(anchor: String?)
    case mappingEnd
    case alias(String)
}

/// Owns a libyaml parser and its source. JSON is read as the YAML that it is.
@safe
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let stream: UnsafeMutablePointer<FILE>?
    private let buffer: UnsafeMutableBufferPointer<UInt8>?
    let file: String
    /// Where the latest event begins.
    private(set) var position = Position(line: 1, column: 1)
    /// Characters read so far.
    private(set) var offset = 0

    /// Reads a file, `-` is standard input.
    init(path: String) throws(InputError) {
        file = path
        var status = stat()
        if path != "-" {
            guard unsafe stat(path, &status) == 0 else { throw InputError.unreadable(path) }
            guard status.st_mode & S_IFMT != S_IFDIR else {
                throw InputError(path, nil, "is a directory; name the files in it")
            }
        }
        guard let stream = unsafe path == "-" ? fdopen(dup(0), "r") : fopen(path, "rb") else {
            throw InputError.unreadable(path)
        }
        unsafe self.stream = unsafe stream
        unsafe buffer = nil
        unsafe parser = unsafe Self.makeParser()
        unsafe yaml_parser_set_input_file(parser, stream)
    }

    /// Reads text that is in memory; `file` names it in errors.
    init(text: String, file: String) {
        self.file = file
        unsafe stream = nil
        let bytes = Array(text.utf8)
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        _ = unsafe buffer.initialize(from: bytes)
        unsafe self.buffer = unsafe buffer
        unsafe parser = unsafe Self.makeParser()
        // In bounds: the buffer lives as long as the parser.
        unsafe yaml_parser_set_input_string(parser, buffer.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe buffer?.deallocate()
        if let stream = unsafe stream { unsafe fclose(stream) }
    }

    private static func makeParser() -> UnsafeMutablePointer<yaml_parser_t> {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        let made = unsafe yaml_parser_initialize(parser)
        precondition(made == 1, "out of memory for a YAML parser")
        return unsafe parser
    }

    /// The next event, nil at the end of the stream.
    mutating func next() throws(InputError) -> YAMLEvent? {
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw parseError() }
            defer { unsafe yaml_event_delete(&event) }
            position = unsafe Position(line: event.start_mark.line + 1, column: event.start_mark.column + 1)
            offset = unsafe event.end_mark.index
            switch unsafe event.type {
            case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return nil
            case YAML_DOCUMENT_START_EVENT: return .documentStart
            case YAML_DOCUMENT_END_EVENT: return .documentEnd
            case YAML_SEQUENCE_START_EVENT:
                return .sequenceStart(anchor: unsafe Self.text(event.data.sequence_start.anchor))
            case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
            case YAML_MAPPING_START_EVENT:
                return .mappingStart(anchor: unsafe Self.text(event.data.mapping_start.anchor))
            case YAML_MAPPING_END_EVENT: return .mappingEnd
            case YAML_ALIAS_EVENT: return .alias(unsafe Self.text(event.data.alias.anchor) ?? "")
            case YAML_SCALAR_EVENT:
                let scalar = unsafe event.data.scalar
                // In bounds: libyaml gives the value's length, and has checked that it is UTF-8.
                let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
                let text = unsafe String(decoding: bytes, as: UTF8.self)
                let isQuoted = unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
                return .scalar(text, isQuoted: isQuoted, anchor: unsafe Self.text(scalar.anchor))
            default: continue
            }
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }

    private func parseError() -> InputError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "cannot be parsed"
        let context = unsafe parser.pointee.context.map { unsafe ", \(String(cString: $0))" } ?? ""
        let mark = unsafe parser.pointee.problem_mark
        let isReader = unsafe parser.pointee.error == YAML_READER_ERROR
        let position = isReader ? self.position : Position(line: mark.line + 1, column: mark.column + 1)
        return InputError(file, position, "not valid YAML or JSON: \(problem)\(context)")
    }
}
