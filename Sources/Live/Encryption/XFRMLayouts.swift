internal import CLinux
import Model

// The structures of the C calls, made from values of the model and read into them.

extension km_xfrm_address {
    init(_ address: IPAddress) {
        switch address {
        case .v4(let bits): self.init(high: 0, low: UInt64(bits))
        case .v6(let high, let low): self.init(high: high, low: low)
        }
    }
}

extension IPAddress {
    init(_ address: km_xfrm_address, isV6: Bool) {
        self = isV6 ? .v6(high: address.high, low: address.low) : .v4(UInt32(truncatingIfNeeded: address.low))
    }

    fileprivate var isV6: Bool { family == .v6 }
}

extension km_xfrm_mark {
    init(_ mark: MarkSelector) { self.init(value: mark.value, mask: mark.mask) }
}

extension MarkSelector {
    init(_ mark: km_xfrm_mark) { self.init(value: mark.value, mask: mark.mask) }
}

// MARK: States

extension km_xfrm_state {
    init(_ id: XFRMState.ID) {
        self.init()
        destination = km_xfrm_address(id.destination)
        is_ipv6 = id.destination.isV6 ? 1 : 0
        spi = id.spi.rawValue
        mark = km_xfrm_mark(id.mark)
    }

    /// To be wiped.
    init(_ state: XFRMState) {
        self.init(state.id)
        source = km_xfrm_address(state.source)
        request_id = state.requestID
        if let outputMark = state.outputMark { output_mark = .init(value: outputMark.rawValue, mask: .max) }
        replay_window = state.replayWindow
        source_port = state.encapsulation?.sourcePort ?? 0
        destination_port = state.encapsulation?.destinationPort ?? 0
        is_extended = state.hasExtendedSequence ? 1 : 0
        takes_either_family = state.takesEitherFamily ? 1 : 0
        icv_bits = UInt32(state.key.icvByteCount * 8)
        var bytes = state.key.bytes
        defer { Model.wipe(&bytes) }
        key_size = UInt8(bytes.count)
        // In bounds: the largest key fills the field.
        unsafe withUnsafeMutableBytes(of: &key) { unsafe $0.copyBytes(from: bytes) }
    }
}

extension XFRMState.ID {
    init(_ found: borrowing km_xfrm_state) {
        self.init(
            destination: IPAddress(found.destination, isV6: found.is_ipv6 != 0), spi: SPI(rawValue: found.spi),
            mark: MarkSelector(found.mark))
    }
}

extension XFRMState {
    /// Reads it where it lies, so that no copy of the key is left.
    /// - Returns: nil where there is more to the state than a value of this type says.
    init?(_ found: inout km_xfrm_state) {
        let size = found.key_size
        let outputMask = found.output_mark.mask
        guard found.is_other == 0, outputMask == 0 || outputMask == .max, found.icv_bits % 8 == 0 else { return nil }
        // In bounds: the size was checked against the field's when it was read.
        var bytes = unsafe withUnsafeBytes(of: &found.key) { unsafe Array($0.prefix(Int(size))) }
        defer { wipe(&bytes) }
        guard let key = AEADKey(bytes: bytes, icvByteCount: Int(found.icv_bits) / 8) else { return nil }
        let isV6 = found.is_ipv6 != 0
        self.init(
            source: IPAddress(found.source, isV6: isV6), destination: IPAddress(found.destination, isV6: isV6),
            spi: SPI(rawValue: found.spi), requestID: found.request_id, key: key, mark: MarkSelector(found.mark),
            outputMark: outputMask == 0 ? nil : PacketMark(rawValue: found.output_mark.value),
            replayWindow: found.replay_window, hasExtendedSequence: found.is_extended != 0,
            takesEitherFamily: found.takes_either_family != 0,
            encapsulation: found.source_port == 0
                ? nil : UDPEncapsulation(sourcePort: found.source_port, destinationPort: found.destination_port))
    }
}

extension XFRMState.ID: CustomStringConvertible {
    /// For messages.
    public var description: String {
        "the state to \(destination), SPI \(spi)" + (mark == .any ? "" : ", mark \(mark.text)")
    }
}

extension MarkSelector {
    /// `0xd0/0xffffffff`, as `ip xfrm` writes it.
    var text: String { "0x\(String(value, radix: 16))/0x\(String(mask, radix: 16))" }
}

// MARK: Policies

/// Numbers of IPv4's and IPv6's ICMP among protocols.
private let icmpProtocols: [AddressFamily: UInt8] = [.v4: 1, .v6: 58]

extension km_xfrm_selector {
    init(_ selector: XFRMSelector) {
        let family = selector.destination.address.family
        self.init(
            source: km_xfrm_address(selector.source.network),
            destination: km_xfrm_address(selector.destination.network),
            source_length: UInt8(selector.source.length), destination_length: UInt8(selector.destination.length),
            is_ipv6: family == .v6 ? 1 : 0,
            protocol: selector.icmpType == nil ? 0 : icmpProtocols[family] ?? 0,
            source_port: UInt16(selector.icmpType ?? 0), source_port_mask: selector.icmpType == nil ? 0 : .max)
    }
}

extension XFRMSelector {
    /// - Returns: nil for one of protocols or ports, but for a type of ICMP.
    init?(_ found: km_xfrm_selector) {
        let isV6 = found.is_ipv6 != 0
        guard let source = Prefix(IPAddress(found.source, isV6: isV6), length: Int(found.source_length)),
            let destination = Prefix(IPAddress(found.destination, isV6: isV6), length: Int(found.destination_length))
        else { return nil }
        self.init(source: source, destination: destination)
        guard found.protocol != 0 || found.source_port_mask != 0 else { return }
        guard found.protocol == icmpProtocols[isV6 ? .v6 : .v4], found.source_port_mask == .max,
            let type = UInt8(exactly: found.source_port)
        else { return nil }
        icmpType = type
    }
}

extension XFRMPolicy.Direction {
    fileprivate var number: UInt8 {
        switch self {
        case .in: UInt8(KM_XFRM_IN.rawValue)
        case .out: UInt8(KM_XFRM_OUT.rawValue)
        case .fwd: UInt8(KM_XFRM_FWD.rawValue)
        }
    }
}

extension km_xfrm_policy {
    init(_ id: XFRMPolicy.ID) {
        self.init()
        selector = km_xfrm_selector(id.selector)
        mark = km_xfrm_mark(id.mark)
        direction = id.direction.number
    }

    /// - Returns: nil for more templates than the kernel takes.
    init?(_ policy: XFRMPolicy) {
        guard policy.templates.count <= Int(KM_XFRM_TEMPLATE_COUNT) else { return nil }
        self.init(policy.id)
        priority = policy.priority
        is_blocking = policy.action == .block ? 1 : 0
        template_count = UInt8(policy.templates.count)
        let wanted = policy.templates.map { template in
            km_xfrm_template(
                source: km_xfrm_address(template.source), destination: km_xfrm_address(template.destination),
                spi: template.spi?.rawValue ?? 0, request_id: template.requestID,
                is_ipv6: template.destination.isV6 ? 1 : 0)
        }
        // In bounds: there are no more than the field has places.
        unsafe withUnsafeMutableBytes(of: &templates) { field in
            let places = unsafe field.bindMemory(to: km_xfrm_template.self)
            for (index, template) in wanted.enumerated() { unsafe places[index] = template }
        }
    }

    fileprivate var listedTemplates: [XFRMPolicy.Template] {
        // In bounds: the count was checked against the field's when it was read.
        unsafe withUnsafeBytes(of: templates) { field in
            unsafe field.bindMemory(to: km_xfrm_template.self).prefix(Int(template_count)).map { found in
                let isV6 = found.is_ipv6 != 0
                return XFRMPolicy.Template(
                    source: IPAddress(found.source, isV6: isV6), destination: IPAddress(found.destination, isV6: isV6),
                    spi: found.spi == 0 ? nil : SPI(rawValue: found.spi), requestID: found.request_id)
            }
        }
    }
}

extension XFRMPolicy.ID {
    /// - Returns: nil for a policy of one socket, and for a selector that ours never have.
    init?(_ found: km_xfrm_policy) {
        guard let direction = XFRMPolicy.Direction.allCases.first(where: { $0.number == found.direction }),
            let selector = XFRMSelector(found.selector)
        else { return nil }
        self.init(direction, selector, mark: MarkSelector(found.mark))
    }
}

extension XFRMPolicy {
    /// - Returns: nil where there is more to the policy than a value of this type says.
    init?(_ found: km_xfrm_policy, id: ID) {
        guard found.is_other == 0 else { return nil }
        self.init(
            id.direction, id.selector, mark: id.mark, priority: found.priority,
            action: found.is_blocking == 0 ? .allow : .block, templates: found.listedTemplates)
    }
}

extension XFRMPolicy.ID: CustomStringConvertible {
    /// For messages.
    public var description: String {
        "the \(direction) policy from \(selector.source) to \(selector.destination)"
            + (selector.icmpType.map { " of ICMP type \($0)" } ?? "") + (mark == .any ? "" : ", mark \(mark.text)")
    }
}
