import CLinux
import Foundation
import Glibc
import Live
import Synchronization

/// What a thread came to.
private final class Outcome: Sendable {
    let result = Mutex<Result<Void, any Error>>(.success(()))
}

/// Runs something on a thread of its own that has entered a network namespace. What it finds wrong it throws: expectations
/// there would be nobody's.
func inNamespace(_ path: String, _ body: @escaping @Sendable () throws -> Void) throws {
    let (outcome, isDone) = (Outcome(), DispatchSemaphore(value: 0))
    let thread = Thread {
        let result = Result {
            // The path is lent for the call.
            let raw = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard raw >= 0 else { throw KernelError.last("open the network namespace", path) }
            let namespace = Descriptor(adopting: raw)
            let status = namespace.withRaw { km_enter_network_namespace($0) }
            guard status == 0 else { throw KernelError.last("enter the network namespace", path) }
            try body()
        }
        outcome.result.withLock { $0 = result }
        isDone.signal()
    }
    thread.start()
    isDone.wait()
    try outcome.result.withLock { $0 }.get()
}

/// Something that is not as it should be.
struct Mismatch: Error, CustomStringConvertible {
    var description: String
}

/// Throws where two values differ.
func equal<Value: Equatable>(_ got: Value, _ expected: Value, _ what: String = "", line: Int = #line) throws {
    guard got != expected else { return }
    throw Mismatch(description: "line \(line): \(what) \(got), not \(expected)")
}
