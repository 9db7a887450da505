public import Model

/// A file that says how packets between nodes are encrypted. What it is decides its content.
public enum EncryptionFile: Sendable {
    case listing(XFRMListing)
    case commands(XFRMCommands)
    case key(EncryptionKey)

    /// Reads a file; `-` is standard input.
    public init(path: String) throws(InputError) {
        try self.init(parsing: TextFile.contents(ofPath: path), file: path == "-" ? "standard input" : path)
    }

    /// Reads a text; `file` names it in errors.
    public init(parsing text: String, file: String) throws(InputError) {
        if EncryptionKeyFile.isRecognized(text) {
            self = .key(try EncryptionKeyFile.key(parsing: text, file: file))
        } else if XFRMCommands.isRecognized(text) {
            self = .commands(try XFRMCommands(parsing: text, file: file))
        } else if XFRMListing.isRecognized(text) {
            self = .listing(try XFRMListing(parsing: text, file: file))
        } else {
            throw InputError(
                file, nil,
                "is neither what ip xfrm state prints, nor ip xfrm command lines, nor a key file of Kmesh (JSON)")
        }
    }
}
