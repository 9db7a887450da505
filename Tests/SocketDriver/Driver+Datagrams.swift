import CSocketCalls
import Glibc
import Model
import SocketDriverProtocol

extension Driver {
    /// - Parameters:
    ///   - destination: nil of a connected socket.
    ///   - source: The address that the datagram comes from, if the kernel is not to choose. Its port must be the
    ///     socket's or 0.
    func sendDatagram(
        _ number: SocketNumber, _ bytes: [UInt8], to destination: SocketAddress?, source: SocketAddress?
    ) throws(Failure) -> UInt32 {
        let socket = try self.socket(number)
        if let port = source?.port, port != 0, try port != socket.localEnd().port { throw Failure(EINVAL) }
        let to = destination.map { sc_end($0, for: socket.family) }
        let from = source.map { sc_end($0, for: socket.family) }
        // The buffer is the array's. The C function reads the one struct that each pointer leads to, or none.
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe withPointer(to: from) { from in
                unsafe withPointer(to: to) { to in
                    unsafe sc_send_datagram(socket.descriptor, buffer.baseAddress, buffer.count, from, to)
                }
            }
        }
        return UInt32(try checked(count))
    }

    func receiveDatagram(_ number: SocketNumber, _ deadline: Deadline) throws(Failure) -> Datagram {
        let socket = try self.socket(number)
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var (from, to) = (sc_end(), sc_end())
        while true {
            // In bounds: the buffer's own count; the C function fills one struct each.
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe sc_receive_datagram(socket.descriptor, buffer.baseAddress, buffer.count, &from, &to)
            }
            if count == -Int(EAGAIN) {
                let isReadable = try checked(sc_wait_readable(socket.descriptor, deadline.remainingMilliseconds)) == 1
                if !isReadable { throw Failure(ETIMEDOUT) }
                continue
            }
            try checked(count)
            var destination = SocketAddress(to)
            destination.port = try socket.localEnd().port
            return Datagram(bytes: Array(bytes.prefix(count)), source: SocketAddress(from), destination: destination)
        }
    }
}

/// Lends a pointer to the value, or nil.
private func withPointer<Value, Result>(to value: Value?, _ body: (UnsafePointer<Value>?) -> Result) -> Result {
    guard let value else { return body(nil) }
    return unsafe withUnsafePointer(to: value) { unsafe body($0) }
}
