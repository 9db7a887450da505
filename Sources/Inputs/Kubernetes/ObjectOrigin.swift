/// Where an object was read, for notes and errors that come up later.
struct ObjectOrigin: Hashable, Sendable {
    var file: String
    var position: Position

    /// A note about the object.
    func note(_ text: String) -> InputNote { InputNote(file, position, text) }

    /// An error about the object.
    func error(_ message: String) -> InputError { InputError(file, position, message) }
}
