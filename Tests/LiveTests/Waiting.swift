import Glibc

/// More than any machine needs: a test that waits this long has failed.
let generousMilliseconds: CInt = 20_000

/// Waits until a descriptor is readable, or its other end is closed.
/// - Returns: false when the time is up.
func waitUntilReadable(_ raw: CInt, milliseconds: CInt = generousMilliseconds) -> Bool {
    var request = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
    while true {
        // In bounds: one request, as counted.
        let count = unsafe poll(&request, 1, milliseconds)
        if count >= 0 || errno != EINTR { return count > 0 }
    }
}
