import Inputs

/// An object changes by a JSON merge patch (RFC 7386).
public struct Patch: Sendable {
    /// What changes.
    public var object: Located<ObjectReference>
    /// A mapping that is not empty; null removes a key.
    public var merge: DocumentNode
}
