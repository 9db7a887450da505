import Glibc
import Testing

/// Asks again and again until the answer is yes. 10 s are generous.
func waitUntil(_ what: String, _ isDone: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !isDone() {
        try #require(ContinuousClock.now < deadline, "not until the limit: \(what)")
        usleep(1000)
    }
}
