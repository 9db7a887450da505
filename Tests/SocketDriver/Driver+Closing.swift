import CSocketCalls
import Glibc
import SocketDriverProtocol

extension Driver {
    /// Closes a socket; of a connection, both ends, after both have reached the state CLOSE, so that whatever the
    /// kernel runs then (sockops) has run.
    ///
    /// After close(2) nobody can ask for the state any more. Hence a graceful end is made by shutdown(2): the first
    /// end goes FIN_WAIT1, FIN_WAIT2, CLOSE (TIME_WAIT is another, smaller socket), the second one CLOSE_WAIT,
    /// LAST_ACK, CLOSE. The kernel does nothing more for a socket in CLOSE when its descriptor is closed.
    /// - Throws: ETIMEDOUT if an end has not reached CLOSE after 2 s; both are closed all the same.
    mutating func close(_ number: SocketNumber, _ ending: Ending) throws(Failure) {
        let socket = try self.socket(number)
        let peer = socket.peer.flatMap { sockets[$0] }
        defer { forget(number) }
        guard socket.transport == .tcp, !socket.isListener else { return }
        switch ending {
        case .graceful: try endGracefully(socket, peer)
        case .reset:
            try checked(sc_reset_on_close(socket.descriptor))
            socket.close()
            if let peer { try waitForEnd(peer) }
        case .abandoned:
            socket.close()
            guard let peer else { return }
            let deadline = Deadline(milliseconds: 2000)
            guard deadline.waitUntil({ peer.isIn(SC_TCP_CLOSE_WAIT, SC_TCP_CLOSED) }) else { throw Failure(ETIMEDOUT) }
            _ = sc_shutdown_sending(peer.descriptor)
            try waitForEnd(peer)
        }
    }

    /// Connects to nowhere, which resets a TCP connection.
    mutating func disconnect(_ number: SocketNumber) throws(Failure) {
        let socket = try self.socket(number)
        let peer = socket.peer
        try checked(sc_disconnect(socket.descriptor))
        socket.peer = nil
        guard let peer, let other = sockets.removeValue(forKey: peer) else { return }
        try waitForEnd(other)
    }

    private mutating func forget(_ number: SocketNumber) {
        guard let socket = sockets.removeValue(forKey: number) else { return }
        if let peer = socket.peer { sockets[peer] = nil }
        if socket.isListener { listeners = listeners.filter { $0.value != number } }
    }

    private func endGracefully(_ socket: OpenSocket, _ peer: OpenSocket?) throws(Failure) {
        let deadline = Deadline(milliseconds: 2000)
        // It fails of a socket that is not connected (any more): then there is nothing to wait for.
        _ = sc_shutdown_sending(socket.descriptor)
        if let peer {
            guard deadline.waitUntil({ peer.isIn(SC_TCP_CLOSE_WAIT, SC_TCP_CLOSED) }) else { throw Failure(ETIMEDOUT) }
            _ = sc_shutdown_sending(peer.descriptor)
        }
        let isDone = deadline.waitUntil {
            socket.isIn(SC_TCP_CLOSED) && peer.map { $0.isIn(SC_TCP_CLOSED) } ?? true
        }
        if !isDone { throw Failure(ETIMEDOUT) }
    }

    private func waitForEnd(_ socket: OpenSocket) throws(Failure) {
        let isDone = Deadline(milliseconds: 2000).waitUntil { socket.isIn(SC_TCP_CLOSED) }
        if !isDone { throw Failure(ETIMEDOUT) }
    }
}
