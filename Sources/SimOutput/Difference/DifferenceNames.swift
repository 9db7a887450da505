import Model
import Sim

/// Names that people use for what differs.
struct DifferenceNames {
    private let before: Mesh
    private let after: Mesh
    private let bookBefore: NameBook
    private let bookAfter: NameBook
    /// Names that several workloads have, in different clusters.
    private let ambiguous: Set<String>

    init(_ difference: MeshDifference) {
        (before, after) = (difference.before, difference.after)
        (bookBefore, bookAfter) = (difference.namesBefore, difference.namesAfter)
        var uids: [String: WorkloadUID] = [:]
        var ambiguous: Set<String> = []
        for workload in before.sortedWorkloads + after.sortedWorkloads {
            let name = Self.short(workload)
            if let known = uids[name], known != workload.uid { ambiguous.insert(name) }
            uids[name] = workload.uid
        }
        self.ambiguous = ambiguous
    }

    private static func short(_ workload: Workload) -> String {
        workload.namespace.isEmpty ? workload.name : "\(workload.namespace)/\(workload.name)"
    }

    /// `namespace/name`, or the uid where that is not enough.
    func workload(_ uid: WorkloadUID) -> String {
        guard let workload = after.workloads[uid] ?? before.workloads[uid] else { return uid.text }
        let name = Self.short(workload)
        return ambiguous.contains(name) ? uid.text : name
    }

    func object(_ object: DestinationCause.Object) -> String {
        switch object {
        case .service(let name): name
        case .workload(let uid): workload(uid)
        case .address(let address): "\(address)"
        }
    }

    /// `service a/b`, `pod c/d`, `address 10.0.0.1`.
    func kindAndName(_ object: DestinationCause.Object) -> String {
        switch object {
        case .service: "service \(self.object(object))"
        case .workload: "workload \(self.object(object))"
        case .address: "address \(self.object(object))"
        }
    }

    /// An address with the name that it has in one of the meshes.
    func address(_ address: SocketAddress, isAfter: Bool) -> String {
        let book = isAfter ? bookAfter : bookBefore
        return book.name(of: address.address).map { "\($0) (\(address))" } ?? "\(address)"
    }

    /// Names with commas between; of many the first few.
    static func list(_ names: [String], most: Int = 4) -> String {
        guard names.count > most + 1 else {
            guard names.count > 1, let last = names.last else { return names.first ?? "" }
            return names.dropLast().joined(separator: ", ") + " and \(last)"
        }
        return names.prefix(most).joined(separator: ", ") + " and \(names.count - most) more"
    }

    func workloads(_ uids: [WorkloadUID], most: Int = 4) -> String { Self.list(uids.map(workload), most: most) }
}

extension PortSet {
    /// `port 80`, `every port but 80 and 443`.
    var text: String {
        switch self {
        case .all: "every port"
        case .only(let ports):
            "port\(ports.count == 1 ? "" : "s") \(DifferenceNames.list(ports.map { "\($0)" }, most: 12))"
        case .allBut(let ports): "every port but \(DifferenceNames.list(ports.map { "\($0)" }, most: 12))"
        }
    }
}
