import Glibc

/// Why a measurement could not be made.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    /// With the error's text.
    init(_ operation: String, _ number: CInt) {
        // The text is a constant of the C library, or a buffer of this thread.
        description = unsafe "\(operation): \(String(cString: strerror(number)))"
    }

    init(_ description: String) { self.description = description }
}

/// What a C function returned, minus an error number when it failed.
@discardableResult
func result(_ operation: @autoclosure () -> String, _ value: CInt) throws -> CInt {
    guard value >= 0 else { throw BenchmarkError(operation(), -value) }
    return value
}
