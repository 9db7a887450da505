import CSocketCalls
import KernelTestSupport
import Live
import Model
import SocketDriverProtocol
import TestSupport
import Testing

/// Our programs, a process that connects all the time, and maps that change meanwhile.
struct FireScene: ~Copyable {
    /// What the answers of a run were.
    struct Result {
        var shotCount = 0
        /// Connects that ran while a list of writes was applied, barriers included.
        var overlapCount = 0
        /// Of these, connects between one write of a slow list and the next.
        var betweenCount = 0
        /// Of these, connects to what had an endpoint before and after.
        var servedCount = 0
        /// Wrong answers, as text.
        var wrong: [String] = []
    }

    private let cgroup: TestCgroup
    private let pins: TestPinDirectory
    let options: DataplaneOptions
    let dataplane: Dataplane
    let observer: Observer
    let fire: ConnectFire
    private(set) var epochs: [AnswerOracle.Epoch] = []
    /// What the maps of the kernel hold: the same writes went here.
    private var maps: MapStore
    private var questions: Set<ConnectFire.Question> = []
    /// Of slow writes, from the write to the next one.
    private var writeTimes: [ClosedRange<UInt64>] = []
    private static let paceNanoseconds: UInt64 = 300_000

    /// Ports on which somebody listens at every address.
    private static let ports: [UInt16] =
        [80, 81, 8080, 8081, 9090, 9091, 15008, 15019] + (7000..<7012).map { $0 } + (7100..<7112).map { $0 }

    init(_ preset: Preset, isManaged: Bool = true) throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        let options = DataplaneOptions(preset)
        var settings = ProgramSettings(options: options)
        settings.isMonitoring = false
        settings.asksForVerdicts = false
        let dataplane = try Dataplane(settings, pins: PinDirectory(pins.path))
        try dataplane.attach(cgroup: cgroup.directory)
        let observer = try Observer(dataplane)
        var driver = try SocketDriver(inCgroup: cgroup.directory)
        let namespace = try driver.makeNamespace()
        _ = try driver.listen(on: Self.ports, in: namespace.number)
        let managed = MapEntry.manage(ManageKey(cookie: namespace.cookie), ManageValue(state: 0))
        if isManaged { _ = try dataplane.maps.apply([.put(managed)]) }
        let fire = ConnectFire(driver, in: namespace.number)
        self.maps = MapStore(capacities: options.capacities)
        self.cgroup = cgroup
        self.pins = pins
        self.options = options
        self.dataplane = dataplane
        self.observer = observer
        self.fire = fire
        epochs = [AnswerOracle.Epoch(maps: maps, start: 0, end: .max)]
    }

    /// What the maps hold.
    var content: MapStore { maps }

    /// Asks for the addresses of a mesh too, from now on.
    mutating func ask(about mesh: Mesh, ports: [UInt16] = [80, 81]) {
        var addresses = mesh.services.values.flatMap { $0.addresses.map(\.address) }
        addresses += mesh.workloads.values.flatMap(\.addresses)
        for address in addresses {
            for port in ports {
                let destination = SocketAddress(address, port: port)
                questions.insert(.init(destination: destination, family: .v6))
                if address.family == .v4 { questions.insert(.init(destination: destination, family: .v4)) }
            }
        }
        fire.ask(Array(questions))
    }

    /// Applies writes to the kernel's maps, and notes when.
    /// - Parameter isSlow: Applies one write after the other, with time for some connects between them. Otherwise most
    ///   connects run while a barrier waits, because writes take a thousandth of its time.
    @discardableResult
    mutating func apply(_ writes: [MapWrite], isSlow: Bool = false) throws -> MapWriteCounts {
        let start = sc_monotonic_ns()
        var counts = MapWriteCounts()
        if isSlow {
            for write in writes {
                let writeStart = sc_monotonic_ns()
                counts += try dataplane.maps.apply([write])
                if case .barrier = write { continue }
                while sc_monotonic_ns() < writeStart + Self.paceNanoseconds {}
                writeTimes.append(writeStart...sc_monotonic_ns())
            }
        } else {
            counts = try dataplane.maps.apply(writes)
        }
        let end = sc_monotonic_ns()
        for write in writes { try maps.apply(write) }
        epochs[epochs.count - 1].end = end
        epochs.append(AnswerOracle.Epoch(maps: maps, start: start, end: .max))
        return counts
    }

    /// Stops the connects and judges them.
    func judge() throws -> Result {
        let shots = try fire.stop()
        var oracle = try AnswerOracle(epochs, options)
        var result = Result()
        result.shotCount = shots.count
        for shot in shots {
            let isOverlapping = oracle.epochs(of: shot).count > 1
            if isOverlapping {
                result.overlapCount += 1
                if isBetweenWrites(shot) { result.betweenCount += 1 }
                if oracle.isServed(shot) { result.servedCount += 1 }
            }
            if !oracle.allows(shot) {
                let answer = shot.remoteEnd?.description ?? "error \(shot.errno)"
                result.wrong.append(
                    "\(shot.question.destination) from \(shot.question.family): \(answer); \(oracle.text(shot))")
            }
        }
        return result
    }

    /// Whether a connect ran outside of the barriers of a slow list.
    private func isBetweenWrites(_ shot: ConnectFire.Shot) -> Bool {
        var (low, high) = (0, writeTimes.count)
        while low < high {
            let middle = (low + high) / 2
            if writeTimes[middle].upperBound >= shot.start { high = middle } else { low = middle + 1 }
        }
        return low < writeTimes.count && writeTimes[low].lowerBound <= shot.end
    }
}
