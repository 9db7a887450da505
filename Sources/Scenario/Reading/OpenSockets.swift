import Inputs
import Model

/// The sockets that have a name at some step.
struct OpenSockets {
    /// What made the socket.
    enum Owner {
        case connect(Connect)
        case dns(client: Located<String>)
    }

    private struct Entry {
        var name: Located<String>
        var owner: Owner
        var closed: Place?
    }

    private var entries: [Entry] = []

    /// Gives a new socket its name.
    mutating func keep(_ name: Located<String>, for owner: Owner) throws(InputError) {
        if let entry = entries.first(where: { $0.name.value == name.value && $0.closed == nil }) {
            let line = entry.name.place.position.line
            throw name.error("socket \"\(name.value)\" is still open since line \(line); close it or take another name")
        }
        entries.removeAll { $0.name.value == name.value }
        entries.append(Entry(name: name, owner: owner))
    }

    /// Whether the name is that of an open socket.
    func contains(_ name: String) -> Bool { entries.contains { $0.name.value == name && $0.closed == nil } }

    /// Who made an open socket.
    func owner(_ name: Located<String>) throws(InputError) -> Owner {
        entries[try index(name)].owner
    }

    /// Ends an open socket; its name is free again.
    mutating func close(_ name: Located<String>) throws(InputError) {
        entries[try index(name)].closed = name.place
    }

    private func index(_ name: Located<String>) throws(InputError) -> Int {
        guard let index = entries.firstIndex(where: { $0.name.value == name.value }) else {
            let near = nearestName(to: name.value, in: entries.filter { $0.closed == nil }.map(\.name.value))
            let hint = near.map { "; did you mean \"\($0)\"?" } ?? ""
            throw name.error("no step before this one keeps a socket \"\(name.value)\"\(hint)")
        }
        if let closed = entries[index].closed {
            throw name.error("socket \"\(name.value)\" is closed since line \(closed.position.line)")
        }
        return index
    }
}
