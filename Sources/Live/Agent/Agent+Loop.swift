import Glibc
import Inputs
import Model

extension Agent {
    /// Everything is looked at again at least this often, for changes that no event told of.
    private static let rescanPeriod: UInt64 = 60_000_000_000
    /// How long the loop sleeps at most, in milliseconds.
    private static let tick: CInt = 250

    /// Follows the mesh until SIGTERM or SIGINT. What is in force stays so.
    public mutating func run(_ signals: borrowing SignalQueue, version: String) throws(AgentError) {
        var observation = try AgentError.wrapping { try Observation(configuration) }
        let queue = observation.queue
        let log = log
        let reader = configuration.isReporting ? try self.reader("km_tcp_probe", queue.add) : nil
        let denialReader = try self.reader("km_denial", observation.denialQueue.add)
        let judge = judge
        let requestReader = try self.reader("km_auth_req", judge.take)
        defer { withExtendedLifetime((reader, denialReader, requestReader)) {} }
        if let address = observation.address { log.info("metrics", LogField("address", .init(address))) }
        observation.board.isReady.withLock { $0 = true }
        var nextRescan = BootClock.sinceBootNanoseconds() + Self.rescanPeriod
        var nextCount: UInt64 = 0
        var retries = Backoff()
        while true {
            let now = BootClock.sinceBootNanoseconds()
            if configuration.metrics != nil, now >= nextCount {
                count()
                nextCount = now + Self.rescanPeriod
            }
            if !mustReconcile { retries = Backoff() }
            if mustReconcile, retries.isDue(now) { retry() }
            followEncryption(at: now)
            if now >= nextRescan {
                rescan()
                nextRescan = now + Self.rescanPeriod
            }
            observe(&observation, version: version)
            wait(signals)
            while let signal = signals.next() {
                guard signal == .reload else {
                    log.info("ending; what is in force stays")
                    return
                }
                do throws(KernelError) { try observation.reopen() } catch { report(.kernel(error)) }
                rescan()
            }
            takeFileChanges()
        }
    }

    /// Reads a ring buffer on a thread of its own.
    private func reader(
        _ name: String, _ receive: @escaping RingBuffer.Receiver
    ) throws(AgentError) -> RingBufferReader {
        let log = log
        return try AgentError.wrapping {
            let buffer = try RingBuffer(name, adopting: try dataplane.openMap(name), receive: receive)
            return try RingBufferReader(buffer) { log.error("failed", LogField("error", .init($0))) }
        }
    }

    /// Sleeps until there is something to do, or for a tick.
    private func wait(_ signals: borrowing SignalQueue) {
        var polled = [CInt]()
        signals.withRaw { polled.append($0) }
        watcher.withRaw { polled.append($0) }
        polled += encryption?.descriptors() ?? []
        let wanted = encryption?.patience(at: BootClock.sinceBootNanoseconds())
        let patience = min(Self.tick, CInt(clamping: (wanted ?? nil) ?? .max))
        var entries = polled.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        // In bounds: the count is the array's.
        _ = unsafe poll(&entries, nfds_t(entries.count), patience)
    }

    func report(_ error: AgentError) { log.error("failed", LogField("error", .init(error))) }

    // MARK: Files

    private mutating func takeFileChanges() {
        let changes: FileChanges
        do throws(KernelError) {
            changes = try watcher.takeChanges()
        } catch {
            report(.kernel(error))
            return rescan()
        }
        guard !changes.isEmpty else { return }
        if changes.needsRescan || changes.changes.contains(where: { $0.kind == .listing }) { return rescan() }
        if changes.changes.contains(where: { $0.path == configuration.podsFile }) {
            do throws(AgentError) { try managePods() } catch { report(error) }
        }
        if changes.changes.contains(where: { $0.path == configuration.offloadFile }) {
            do throws(AgentError) { try takeOffloadSwitch() } catch { report(error) }
        }
        let files = changes.changes.map(\.path).filter { followed.follows($0) }
        if !files.isEmpty { take(followed.reread(files: files)) }
    }

    /// Looks at every file again.
    private mutating func rescan() {
        lookAtEncryption(at: BootClock.sinceBootNanoseconds(), isThorough: true)
        do throws(AgentError) {
            try takeOffloadSwitch()
            try managePods(isThorough: true)
        } catch {
            report(error)
        }
        do throws(AgentError) {
            take(try AgentError.wrapping { try followed.rescan() })
        } catch {
            report(error)
        }
    }

    private mutating func take(_ step: FollowedMesh.Step) {
        for error in step.errors { log.error("bad file; what it said before stays", LogField("error", .init(error))) }
        guard !step.changes.isEmpty else { return }
        do throws(AgentError) {
            try apply(step.changes)
            log.info("mesh changed", LogField("changes", .init(step.changes.count)))
        } catch {
            figures.add(error)
            report(error)
        }
    }

    /// After a failure: from what the maps hold to what they are to hold.
    private mutating func retry() {
        do throws(AgentError) {
            try reconcile()
            log.info("recovered")
        } catch {
            figures.add(error)
            report(error)
        }
    }

    // MARK: Observing

    /// Drops what was counted of workloads and services that went.
    private mutating func forgetGone(_ observation: inout Observation) {
        for owner in figures.goneOwners where !compiler.hasWorkload(ofOwner: owner.name, namespace: owner.namespace) {
            observation.connections.drop(workload: owner.name, namespace: owner.namespace)
            observation.denials.drop(workload: owner.name, namespace: owner.namespace)
        }
        for service in figures.goneServices { observation.connections.drop(service: service) }
        figures.goneOwners = []
        figures.goneServices = []
    }

    /// Counts what takes too long to be counted for each scrape.
    private mutating func count() {
        figures.problems = UInt64(compiler.problems.count)
        do throws(KernelError) {
            figures.entries = try dataplane.maps.entryCounts().mapValues { UInt64($0) }
        } catch {
            report(.kernel(error))
        }
    }

    /// Names of addresses and namespaces, as the mesh has them now.
    private var names: NameLookup {
        let (compiler, pods) = (compiler, pods)
        return NameLookup(
            workload: { compiler.workload(at: $0.unmapped).map { WorkloadNames($0) } },
            service: { compiler.service(at: $0.unmapped)?.name },
            pod: { cookie in pods[cookie].map { "\($0.namespace)/\($0.name)" } })
    }

    private func takeDenials(_ observation: inout Observation) {
        let (ours, theirs) = (observation.denialQueue.take(), judge.denials.take())
        let records = ours.records + theirs.records
        if !records.isEmpty || ours.lostCount + theirs.lostCount > 0 {
            let (names, compiler) = (names, policies?.compiler)
            observation.takeDenials(
                records, lostCount: ours.lostCount + theirs.lostCount,
                {
                    NamedDenial(
                        $0, names, principal: { compiler?.identity($0)?.principal },
                        policy: { compiler?.names.name(of: $0) })
                }, log: log)
        }
        observation.tellUnreported(inKernel: { unreportedCount ?? 0 }, log: log)
    }

    /// Denials of which the programs did not tell; nil when that cannot be read.
    private var unreportedCount: UInt64? {
        let counts = try? dataplane.exitCounters.counts()
        return counts?.first { $0.hook == .xdpIngress && $0.reason == .denialUnreported }?.count
    }

    private mutating func observe(_ observation: inout Observation, version: String) {
        takeDenials(&observation)
        do throws(KernelError) {
            if configuration.isReporting { try observation.takeReports(names) }
            guard configuration.metrics != nil, observation.isRefreshDue() else { return }
            forgetGone(&observation)
            let families = AgentMetrics.families(of: try snapshot(observation, version: version))
            observation.board.families.withLock { $0 = families }
        } catch {
            report(.kernel(error))
        }
    }

    private func snapshot(_ observation: borrowing Observation, version: String) throws(KernelError) -> AgentFigures {
        var result = AgentFigures(version: version, node: configuration.node)
        result.hookExits = try dataplane.exitCounters.counts().map { .init($0.hook, $0.reason, $0.count) }
        result.connections = observation.connections.sorted
        result.openConnections = UInt64(observation.connections.openCount)
        result.forgottenConnections = observation.connections.forgottenCount
        let counts = compiler.resourceCounts
        result.resources = [.init("service", UInt64(counts.services)), .init("workload", UInt64(counts.workloads))]
        result.maps = KernelMapName.inPrograms.map { name in
            .init(
                name.rawValue, entryCount: figures.entries[name],
                capacity: UInt64(name.capacity(dataplane.maps.capacities)),
                writes: figures.puts[name] ?? 0, writeFailures: figures.failures[name] ?? 0)
        }
        result.barriers = figures.barriers
        result.managedPods = UInt64(pods.count)
        result.authorization = AuthorizationFigures(
            denials: observation.denials.sorted, unreported: observation.unloggedCount, policies: policies,
            policyCount: policyCount, generation: policies?.compiler.generation ?? 0,
            isUserSpace: policies == nil || offload == .off, enforcedPods: ingress.enforcedCount,
            otherPods: pods.count - ingress.enforcedCount, writeFailures: figures.policyFailures)
        switch encryption {
        case .some(let encryption): result.encryption = encryption.figures
        case nil: break
        }
        result.changesApplied = figures.changes - figures.refusals
        result.changesRefused = figures.refusals
        result.problems = figures.problems
        result.badFiles = UInt64(followed.refusedFiles.count)
        result.lastApplied = figures.lastApplied
        result.applySeconds = figures.applySeconds
        result.eventsLost = observation.lostCount
        result.residentBytes = ResidentMemory.bytes()
        return result
    }
}

/// When something that fails is tried again: soon at first, then more and more rarely.
struct Backoff: Sendable {
    private static let first: UInt64 = 250_000_000
    private static let longest: UInt64 = 30_000_000_000
    private var pause = first
    private var next: UInt64 = 0

    /// Whether it is time to try.
    mutating func isDue(_ now: UInt64) -> Bool {
        guard now >= next else { return false }
        next = now + pause
        pause = min(pause * 2, Self.longest)
        return true
    }
}
