import Foundation
import Synchronization

private let count = Atomic(0)

/// A name that no other test has: the process id, and a number within the process.
func uniqueName() -> String {
    let number = count.add(1, ordering: .relaxed).newValue
    return "kmesh-test-\(ProcessInfo.processInfo.processIdentifier)-\(number)"
}
