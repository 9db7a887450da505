internal import CLinux
import Glibc
import Inputs
import Model

/// The memory of this process.
enum ResidentMemory {
    /// What is resident now; 0 when the system does not tell. Source: proc(5), /proc/self/statm.
    static func bytes() -> UInt64 {
        guard let text = try? TextFile.contents(ofPath: "/proc/self/statm") else { return 0 }
        let fields = text.split(separator: " ")
        let pages = fields.count > 1 ? Digits.decimal(fields[1], as: UInt64.self) ?? 0 : 0
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Gives memory back to the system that building something large left free.
    static func giveBack() { km_trim_heap() }
}
