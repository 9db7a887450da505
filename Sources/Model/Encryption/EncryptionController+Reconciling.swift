extension EncryptionController {
    /// From what is held to what is wanted of the nodes in `changed`.
    mutating func reconcilingSteps(
        from held: EncryptionHoldings, _ isThorough: Bool, mayRetire: Bool, _ digest: ([UInt8]) -> [UInt8]
    ) -> [EncryptionStep] {
        var plan = EncryptionPlan(held: held)
        let earlierSPI = publishedSPIToKeep(held)
        var standings: [String: Standing] = [:]
        for name in changed.sorted() {
            guard let peer = peers[name] else { continue }
            let standing = self.standing(of: name)
            standings[name] = standing
            let rules = standing == .faulty ? nil : checkedRules(for: peer, digest)
            if let rules { receive(from: peer, by: rules, &plan) }
            if let earlierSPI, standing != .faulty {
                receive(from: peer, by: checkedRules(for: peer, spi: earlierSPI, digest), &plan)
            }
            if let rules, standing == .healthy, !rules.sending.isEmpty {
                send(to: peer, by: rules, &plan)
            } else {
                keepOrBlock(name, peer, &plan)
            }
        }
        if held.published != local, !survey.hasFault(node), earlierSPI == nil { plan.publication = local }
        planRemovals(standings, isThorough, mayRetire: mayRetire, &plan, digest)
        return plan.steps
    }

    /// What can be set up with a peer.
    private enum Standing {
        case healthy
        /// Only receiving.
        case heard
        case faulty
    }

    private func standing(of name: String) -> Standing {
        if survey.hasFault(node) || !survey.canHear(name) || hasNoNumbers(name) { return .faulty }
        return survey.hasFault(name) ? .heard : .healthy
    }

    /// The SPI that must stay published, because a peer that is received from could not be under the current one; nil where
    /// the current one may be published.
    private func publishedSPIToKeep(_ held: EncryptionHoldings) -> SPI? {
        guard let spi = held.published?.spi, spi != local.spi else { return nil }
        let isNeeded = held.states.values.contains { entry in
            guard entry.state.isReceiving, local.addresses.contains(entry.state.destination) else { return false }
            return survey.addressOwners[entry.state.source].map { standing(of: $0) == .faulty } ?? false
        }
        return isNeeded ? spi : nil
    }

    private func receive(from peer: NodeEncryption, by rules: EncryptionRules, _ plan: inout EncryptionPlan) {
        for step in marks(of: peer) { plan.mark(step) }
        for change in rules.receiving { plan.want(change, .receiving) }
    }

    private func send(to peer: NodeEncryption, by rules: EncryptionRules, _ plan: inout EncryptionPlan) {
        for change in rules.sending { plan.want(change, .sending) }
        for prefix in peer.podPrefixes { encryptAndGuard(prefix, &plan) }
    }

    /// Rules for a peer without faults but those of its pods.
    /// - Parameter spi: That the node receives under; nil for the current one.
    private func checkedRules(
        for peer: NodeEncryption, spi: SPI? = nil, _ digest: ([UInt8]) -> [UInt8]
    ) -> EncryptionRules {
        do throws(KeyDerivationError) {
            return try rules(for: peer, spi: spi, isEstablished: true, digest: digest)
        } catch {
            preconditionFailure("a fault that was not noted: \(error)")
        }
    }

    private func encryptAndGuard(_ prefix: Prefix, _ plan: inout EncryptionPlan) {
        plan.encrypt(to: prefix)
        for change in EncryptionRules.guards(local, to: prefix, options) { plan.want(change, .sending) }
    }

    /// What sends to a peer goes on doing so, and for all its prefixes that nobody else claims; those that several claim stay
    /// where they are. Where nothing sends, nothing leaves.
    private func keepOrBlock(_ name: String, _ peer: NodeEncryption, _ plan: inout EncryptionPlan) {
        let prefixes = peer.podPrefixes.filter { !survey.ownPrefixes.contains($0) }
        let held = plan.held
        let common = prefixes.lazy.filter { !survey.isContested($0, of: name) }
            .compactMap { held.establishedTemplate(to: $0, at: peer.addresses) }.first
        for prefix in prefixes {
            let template =
                survey.isContested(prefix, of: name)
                ? held.establishedTemplate(to: prefix, at: addresses(claiming: prefix)) : common
            if let template { plan.keep(template) }
            if template != nil || options.unknownSPI == .block {
                for change in EncryptionRules.sendingPolicies(to: prefix, template, options.nodeErrors) {
                    plan.want(change, .sending)
                }
            }
            encryptAndGuard(prefix, &plan)
        }
    }

    /// Of all nodes that have the prefix.
    private func addresses(claiming prefix: Prefix) -> [IPAddress] {
        peers.values.filter { $0.podPrefixes.contains(prefix) }.flatMap(\.addresses)
    }

    // MARK: Removal

    /// What is held and not wanted. Of peers with faults nothing goes, but for what is not received under any more.
    private mutating func planRemovals(
        _ standings: [String: Standing], _ isThorough: Bool, mayRetire: Bool, _ plan: inout EncryptionPlan,
        _ digest: ([UInt8]) -> [UInt8]
    ) {
        let held = plan.held
        for prefix in held.nodeInfo where isObsolete(prefix, isThorough) { plan.leaveClear(prefix) }
        for id in held.policies.keys where !plan.wants(id) {
            let prefix = id.selector.destination
            switch id.direction {
            case .out:
                let isChanged = survey.prefixOwners[prefix].map { changed.contains($0) } ?? false
                if isChanged || isObsolete(prefix, isThorough) { plan.remove(id) }
            case .in, .fwd:
                if peers.isEmpty || !local.podPrefixes.contains(prefix) { plan.remove(id) }
            }
        }
        var old: [XFRMState.ID] = []
        for (id, entry) in held.states where !plan.wants(id) {
            let state = entry.state
            let address = state.isReceiving ? state.source : state.destination
            guard let owner = survey.addressOwners[address] else {
                if isThorough || goneAddresses.contains(address) { plan.remove(id) }
                continue
            }
            guard let standing = standings[owner], standing == .healthy || standing == .heard && state.isReceiving
            else { continue }
            if !state.isReceiving || !local.addresses.contains(state.destination)
                || (mayRetire && isDone(entry, held))
            {
                plan.remove(id)
            } else {
                old.append(id)
            }
        }
        if mayRetire {
            lastCounts = lastCounts.filter { held.states[$0.key] != nil && !plan.wants($0.key) }
        }
        for id in old.inOrder { renew(id, &plan, digest) }
        for address in held.peerMarks.keys where survey.addressOwners[address] == nil {
            if isThorough || goneAddresses.contains(address) { plan.forget(address) }
        }
    }

    private func isObsolete(_ prefix: Prefix, _ isThorough: Bool) -> Bool {
        guard survey.prefixOwners[prefix] != nil else { return isThorough || gonePrefixes.contains(prefix) }
        return survey.ownPrefixes.contains(prefix)
    }

    /// Whether the peer has left a state for that of the current key. Remembers what it has received so far.
    private mutating func isDone(_ entry: EncryptionHoldings.State, _ held: EncryptionHoldings) -> Bool {
        let state = entry.state
        let last = lastCounts.updateValue(entry.packetCount, forKey: state.id)
        guard last == entry.packetCount else { return false }
        var current = XFRMState.ID(destination: state.destination, spi: local.spi)
        if options.inboundState == .peer {
            guard let number = numbers[state.source] else { return false }
            current.mark = .exactly(.received(fromPeer: number))
        }
        return held.states[current].map { $0.state.source == state.source && $0.packetCount > 0 } ?? false
    }

    /// A peer that was started anew has a new key also for what it sends under an earlier SPI (H19).
    private func renew(_ id: XFRMState.ID, _ plan: inout EncryptionPlan, _ digest: ([UInt8]) -> [UInt8]) {
        guard var state = plan.held.states[id]?.state, let shared = keys[state.spi],
            let peer = survey.addressOwners[state.source].flatMap({ peers[$0] })
        else { return }
        let (source, destination) = (
            TunnelEnd(state.source, bootID: peer.bootID), TunnelEnd(state.destination, bootID: local.bootID)
        )
        do throws(KeyDerivationError) {
            state.key = try shared.derived(from: source, to: destination, digest: digest)
        } catch {
            preconditionFailure("a fault that was not noted: \(error)")
        }
        plan.want(.addState(state), .receiving)
    }

    // MARK: Marks

    /// What tells tc a peer's packets; nothing where states have no marks.
    func marks(of peer: NodeEncryption) -> [EncryptionStep] {
        peer.addresses.compactMap { address in
            numbers[address].map { .markPeer(address, .received(fromPeer: $0)) }
        }
    }

    /// Numbers the addresses of nodes; those that are in use are kept, so that packets on their way find their states.
    mutating func assignNumbers(_ names: [String], _ held: EncryptionHoldings) {
        let addresses = names.flatMap { peers[$0]?.addresses ?? [] }.filter { numbers[$0] == nil }
        guard !addresses.isEmpty else { return }
        var used = Set(numbers.values)
        var inUse: [IPAddress: UInt16] = held.peerMarks.compactMapValues(\.peerNumber)
        for id in Array(held.states.keys).inOrder {
            guard let source = held.states[id]?.state.source, inUse[source] == nil else { continue }
            inUse[source] = PacketMark(rawValue: id.mark.value).peerNumber
        }
        for address in addresses {
            guard let number = inUse[address], used.insert(number).inserted else { continue }
            numbers[address] = number
        }
        used.formUnion(inUse.values)
        var free = PacketMark.peerNumbers.lazy.filter { !used.contains($0) }.makeIterator()
        for address in addresses where numbers[address] == nil {
            guard let number = free.next() else { return }
            numbers[address] = number
        }
    }
}

extension XFRMState {
    /// Of those that this agent makes.
    fileprivate var isReceiving: Bool { outputMark == .decrypted }
}

extension EncryptionHoldings {
    /// What packets to a prefix are encrypted by now, where they reach one of the addresses.
    func establishedTemplate(to prefix: Prefix, at addresses: [IPAddress]) -> XFRMPolicy.Template? {
        let id = XFRMPolicy.ID(.out, .to(prefix), mark: .exactly(.encrypt))
        guard let policy = policies[id], policy.action == .allow, let template = policy.templates.first,
            addresses.contains(template.destination), let state = template.stateID, states[state] != nil
        else { return nil }
        return template
    }
}
