internal import CLinux

/// Waits until no program runs that ran when the wait began.
public enum ReadersBarrier {
    /// Returns after an RCU grace period: every lookup that was under way is done. Takes some milliseconds.
    /// - Throws: when the kernel has no membarrier.
    public static func wait() throws(KernelError) {
        guard km_wait_for_readers() == 0 else { throw .last("wait for", "running programs (membarrier)") }
    }
}
