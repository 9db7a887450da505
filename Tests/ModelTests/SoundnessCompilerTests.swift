import KernelABI
import Model
import Testing

/// What the check says becomes of a mesh, against what the compiler makes of the same mesh.
@Suite struct SoundnessCompilerTests {
    /// One node's maps.
    private struct Compiled {
        var compiler: Compiler
        var store: MapStore
        /// Writes that a full map refused.
        var lost: [MapWrite] = []
        /// Changes that the compiler refused.
        var refusals: [Problem]

        init(_ mesh: Mesh, _ options: DataplaneOptions, node: String = "n") {
            compiler = Compiler(node: node, options: options)
            store = MapStore(capacities: options.capacities)
            let (writes, refusals) = compiler.compile(Mesh().changes(to: mesh))
            self.refusals = refusals
            for write in writes {
                do { try store.apply(write) } catch { lost.append(write) }
            }
        }

        /// The name of what an address leads to, nil without a frontend.
        func owner(_ address: String) -> String? {
            let key = FrontendKey(SoundnessRow.addresses([address])[0])
            return store.frontend.lookup(key).flatMap { compiler.names.name(of: $0.upstream_id) }
        }

        func service(_ hostname: String) -> ServiceValue? {
            let name = SoundnessRow.name(hostname).description
            return compiler.names.existingID(of: name).flatMap { store.service.lookup(ServiceKey(service_id: $0)) }
        }

        func backend(_ pod: String) -> BackendValue? {
            let uid = "c//Pod/default/\(pod)"
            return compiler.names.existingID(of: uid).flatMap { store.backend.lookup(BackendKey(backend_uid: $0)) }
        }

        /// The listed ports, as `service→target`, without the empty places.
        func ports(_ hostname: String) -> [String] {
            guard let value = service(hostname) else { return [] }
            let (ports, targets) = (value.servicePorts, value.targetPorts)
            return ports.indices.filter { ports[$0] != 0 }.map { "\(hostPort(ports[$0]))→\(hostPort(targets[$0]))" }
        }

        func counts(_ hostname: String) -> [UInt32] {
            guard let counts = service(hostname)?.endpointCounts else { return [] }
            return counts.indices.map { counts[$0] }
        }
    }

    /// The mesh of a rule's row, compiled.
    private func compiled(_ rule: SoundnessRule, _ preset: Preset, node: String = "n") throws -> Compiled {
        let row = try #require(SoundnessRow.all.first { $0.expected.rule == rule })
        let options = SoundnessRow.check(room: row.room).options[preset] ?? DataplaneOptions(preset)
        return Compiled(row.input, options, node: node)
    }

    @Test func fullMapsLoseWritesOrRefuseChanges() throws {
        for rule in [
            SoundnessRule.frontendCapacity, .serviceCapacity, .endpointCapacity, .backendCapacity,
        ] {
            #expect(try !compiled(rule, .upstream).lost.isEmpty, "\(rule)")
            #expect(try !compiled(rule, .hardened).refusals.isEmpty, "\(rule)")
            #expect(try compiled(rule, .hardened).lost.isEmpty, "\(rule)")
        }
        #expect(try compiled(.endpointCapacity, .upstream).counts("a")[0] == 2, "lost but counted")
        #expect(try compiled(.endpointCapacity, .hardened).counts("a")[0] == 1)
    }

    @Test func portsBeyondTenAreDroppedOrKeptApart() throws {
        let (upstream, hardened) = (try compiled(.tooManyPorts, .upstream), try compiled(.tooManyPorts, .hardened))
        #expect(upstream.ports("a").count == 10)
        #expect(upstream.store.servicePort.count == 0)
        let extra = hardened.store.servicePort.sortedEntries.map { hostPort($0.key.service_port) }
        #expect(Set(extra) == [11, 12])
    }

    @Test func aWorkloadOfElevenServicesIsAnEndpointOfAll() throws {
        for preset in Preset.allCases {
            let maps = try compiled(.tooManyServices, preset)
            #expect(maps.backend("p")?.service_count == 10)
            #expect((1...11).allSatisfy { maps.counts("s\($0)")[0] == 1 })
        }
    }

    @Test func sharedAddressesGoToTheOwner() throws {
        #expect(try compiled(.sharedServiceAddress, .upstream).owner("10.0.0.1") == "default/b")
        #expect(try compiled(.sharedServiceAddress, .hardened).owner("10.0.0.1") == "default/a")
        #expect(try compiled(.sharedWorkloadAddress, .upstream).owner("10.1.0.1") == "c//Pod/default/q")
        #expect(try compiled(.sharedWorkloadAddress, .hardened).owner("10.1.0.1") == "c//Pod/default/p")
        for preset in Preset.allCases {
            #expect(try compiled(.serviceWorkloadAddress, preset).owner("10.0.0.1") == "default/a")
        }
    }

    @Test func severalAddressesLeaveOneOrOneOfEachFamily() throws {
        let (upstream, hardened) = (
            try compiled(.severalAddresses, .upstream), try compiled(.severalAddresses, .hardened)
        )
        #expect(upstream.backend("p")?.addr.address.description == "10.1.0.2")
        #expect(upstream.store.backendAlternative.count == 0)
        #expect(hardened.backend("p")?.addr.address.description == "10.1.0.1")
        let alternatives = hardened.store.backendAlternative.sortedEntries.map(\.value.addr.address.description)
        #expect(alternatives == ["2001:db8::1"])
        for maps in [upstream, hardened] {
            for address in ["10.1.0.1", "10.1.0.2", "2001:db8::1"] {
                #expect(maps.owner(address) == "c//Pod/default/p")
            }
        }
    }

    @Test func whatHasNoAddressIsNoEndpoint() throws {
        for preset in Preset.allCases {
            #expect(try compiled(.noAddress, preset).backend("p") == nil)
            #expect(try compiled(.noAddress, preset).counts("a")[0] == 0)
        }
    }

    @Test func unhealthyWorkloadsAreWithheldOrPublished() throws {
        #expect(try compiled(.unhealthyAtFirst, .upstream).owner("10.1.0.1") == nil)
        #expect(try compiled(.unhealthyAtFirst, .hardened).owner("10.1.0.1") == "c//Pod/default/p")
        #expect(try compiled(.healthPolicy, .upstream).counts("a")[0] == 1)
        #expect(try compiled(.healthPolicy, .hardened).counts("a")[0] == 2)
        for preset in Preset.allCases { #expect(try compiled(.noUsableEndpoint, preset).counts("a")[0] == 0) }
    }

    @Test func endpointsWaitForTheirServiceOrAreLost() throws {
        for (preset, count) in [(Preset.upstream, 0), (.hardened, 2)] as [(Preset, UInt32)] {
            var maps = try compiled(.unknownService, preset)
            var writes: [MapWrite] = []
            #expect(maps.compiler.compile(.setService(SoundnessRow.service("a")), into: &writes) == nil)
            for write in writes { try maps.store.apply(write) }
            #expect(maps.counts("a")[0] == count, "\(preset)")
        }
    }

    @Test func strictServicesHaveNothingNearOnTheNodeThatIsNamed() throws {
        for preset in Preset.allCases {
            #expect(try compiled(.noLocalEndpoint, preset, node: "m").counts("a")[0] == 1)
        }
        #expect(try compiled(.noLocalEndpoint, .hardened, node: "n").counts("a")[0] == 0)
    }

    @Test func theFirstEndpointsOfAnUnknownNodeKeepTheirPriority() throws {
        #expect(try compiled(.arrivalOrder, .upstream, node: "n").counts("a")[0] == 2)
        #expect(try compiled(.arrivalOrder, .hardened, node: "n").counts("a").prefix(2) == [1, 1])
    }

    @Test func sevenScopesShareTheLastPriority() throws {
        for preset in Preset.allCases {
            let row = try #require(SoundnessRow.all.first { $0.expected.rule == .tooManyScopes })
            var mesh = row.input
            mesh.apply(.setWorkload(SoundnessRow.pod("m", node: "n", zone: "a")))
            let far = Workload(
                WorkloadUID("far"), name: "far", namespace: "default", addresses: SoundnessRow.addresses(["10.1.0.2"]),
                locality: Locality(region: "r", zone: "b"), services: [SoundnessRow.name("a"): []])
            mesh.apply(.setWorkload(far))
            #expect(Compiled(mesh, DataplaneOptions(preset)).counts("a")[6] == 1, "one scope of seven matches")
        }
    }

    @Test func theFirstOfADuplicatePortCounts() throws {
        for preset in Preset.allCases {
            #expect(try compiled(.duplicatePort, preset).ports("a") == ["80→8080", "80→9090"])
        }
    }

    @Test func targetPortsGivenByName() throws {
        #expect(try compiled(.namedPort, .upstream).ports("a") == ["9080→9080"])
        #expect(try compiled(.namedPort, .hardened).ports("a") == ["9080→8080"])
        #expect(try compiled(.ambiguousPort, .upstream).ports("a") == ["80→80"])
        let lowest = ["p", "q"].min { NameTable.hash("c//Pod/default/\($0)") < NameTable.hash("c//Pod/default/\($1)") }
        #expect(try compiled(.ambiguousPort, .hardened).ports("a") == [lowest == "p" ? "80→8080" : "80→9090"])
        for preset in Preset.allCases { #expect(try compiled(.unresolvedPort, preset).ports("a") == ["80→80"]) }
    }

    @Test func whatWaitsForItsWaypointStaysOutOfTheMaps() throws {
        for preset in Preset.allCases {
            let maps = try compiled(.unresolvedWaypoint, preset)
            #expect(maps.owner("10.0.0.1") == nil)
            #expect(maps.service("a") == nil)
        }
    }

    @Test func waypointsThatAreDroppedOrNotSeen() throws {
        for preset in Preset.allCases {
            let test = DataplaneOptions(preset).waypointTest
            #expect(try compiled(.ownWaypoint, preset).service("a")?.waypoint_port == 0)
            #expect(try compiled(.statusPortWaypoint, preset).service("a")?.waypoint_port == 0)
            #expect(try compiled(.unsetWaypoint, preset).service("a")?.hasWaypoint(test) == false)
            #expect(try compiled(.zeroWordWaypoint, preset).service("a")?.hasWaypoint(test) == (preset == .hardened))
        }
    }

    @Test func collidingNamesHaveTheirOwnIDs() throws {
        let maps = try compiled(.idCollision, .upstream)
        #expect(maps.compiler.names.existingID(of: "default/s649192.example") == 338_897_992)
    }
}
