import Inputs

/// A place in a scenario file, kept by everything that can turn out wrong after parsing.
public struct Place: Hashable, Sendable {
    /// As it was named by whoever read it.
    public var file: String
    /// Line and column, from 1.
    public var position: Position

    public init(_ file: String, _ position: Position) {
        self.file = file
        self.position = position
    }

    /// What is wrong at this place, ready to be thrown.
    public func error(_ message: String) -> InputError { InputError(file, position, message) }
}

extension Place: CustomStringConvertible {
    /// `file:line:column`
    public var description: String { "\(file):\(position.line):\(position.column)" }
}

/// A value and where it stands: a name, say, that only the runner can look up and complain about.
public struct Located<Value: Sendable>: Sendable {
    /// What is written there.
    public var value: Value
    /// Where the value begins.
    public var place: Place

    public init(_ value: Value, at place: Place) {
        self.value = value
        self.place = place
    }

    /// What is wrong with the value, ready to be thrown.
    public func error(_ message: String) -> InputError { place.error(message) }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
