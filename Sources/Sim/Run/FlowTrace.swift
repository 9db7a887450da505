import Model

extension JourneyNamer {
    /// A packet's way, node by node.
    func sections(of trace: JourneyTrace) -> [TraceSection] {
        var sections: [TraceSection] = []
        var current: Int?
        /// The XFRM state that was found last.
        var state: Int?
        func add(_ step: TraceStep, _ node: Int) {
            if current != node {
                sections.append(TraceSection(title: self.node(node), steps: []))
                current = node
            }
            sections[sections.count - 1].steps.append(step)
        }
        for entry in trace.entries {
            switch entry {
            case .step(let node, .replay(let check)): add(step(check, by: state, at: node), node)
            case .step(let node, let step):
                if case .state(_, let found) = step { state = found }
                add(self.step(step, at: node), node)
            case .packet(let packet):
                let marked = packet.mark == .none || !packet.point.showsMarks ? "" : ", mark \(packet.mark)"
                // Bytes have no padding that could be uninitialized.
                let text = PacketText.of(unsafe packet.bytes.span.bytes, byteCount: packet.byteCount)
                add(TraceStep(what: "packet", key: packet.point.place, value: text + marked), packet.node)
            }
        }
        return sections
    }
}
