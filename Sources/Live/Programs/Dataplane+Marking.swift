import Model

extension Dataplane {
    /// Marks what a pod sends, at the node's end of its interface; ours that is there is replaced in one step.
    @discardableResult
    public borrowing func attachPodMarking(
        to interface: HostInterface, by mechanism: TCAttachment.Mechanism? = nil
    ) throws(LoadError) -> (attachment: TCAttachment, origin: TCAttachment.Origin) {
        try attach(.pod, to: interface, mechanism)
    }

    /// Looks at what reaches the node by an interface; ours that is there is replaced in one step.
    @discardableResult
    public borrowing func attachUplink(
        _ interface: HostInterface, by mechanism: TCAttachment.Mechanism? = nil
    ) throws(LoadError) -> (attachment: TCAttachment, origin: TCAttachment.Origin) {
        try attach(.uplink, to: interface, mechanism)
    }

    private borrowing func attach(
        _ place: TCAttachment.Place, to interface: HostInterface, _ mechanism: TCAttachment.Mechanism?
    ) throws(LoadError) -> (attachment: TCAttachment, origin: TCAttachment.Origin) {
        let result = try object.withProgram(place.program) { (raw) throws(LoadError) in
            try TCAttachment.attach(raw, at: place, to: interface, in: pins, by: mechanism)
        }
        guard let result else { preconditionFailure("\(place.program.rawValue) is always loaded") }
        return result
    }

    /// Puts this data plane's programs in the place of an earlier run's at every interface. What is pinned of interfaces
    /// that are gone is removed.
    /// - Returns: those in force.
    @discardableResult
    public borrowing func replaceMarking() throws(LoadError) -> [TCAttachment] {
        var inForce: [TCAttachment] = []
        for attachment in try TCAttachment.pinned(in: pins) {
            let isInForce = try object.withProgram(attachment.place.program) { (raw) throws(LoadError) in
                try attachment.replace(with: raw, in: pins)
            }
            if isInForce == true { inForce.append(attachment) } else { try attachment.detach(from: pins) }
        }
        return inForce
    }
}
