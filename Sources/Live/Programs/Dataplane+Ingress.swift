import Model

extension Dataplane {
    /// Judges what comes to a pod at an interface inside of the pod's namespace; ours that is there is replaced in one
    /// step. The policies must be in the maps by then, and sockops attached, which tells what is a reply.
    /// - Throws: `LoadError.interfaceTaken` when another program has the interface; it stays.
    @discardableResult
    public borrowing func attachIngress(
        to interface: String, of namespace: NetworkNamespace
    ) throws(LoadError) -> (attachment: XDPAttachment, origin: XDPAttachment.Origin) {
        let result = try object.withProgram(.xdpIngress) { (raw) throws(LoadError) in
            try XDPAttachment.attach(raw, to: interface, of: namespace, in: pins)
        }
        guard let result else { preconditionFailure("km_xdp_ingress is always loaded") }
        return result
    }

    /// Puts this data plane's program in the place of an earlier run's at every interface, once the policies are in the
    /// maps. Links whose interfaces are gone are removed.
    /// - Returns: those in force.
    @discardableResult
    public borrowing func replaceIngress() throws(LoadError) -> [XDPAttachment] {
        var inForce: [XDPAttachment] = []
        for attachment in try XDPAttachment.pinned(in: pins) {
            let isInForce = try object.withProgram(.xdpIngress) { (raw) throws(LoadError) in
                try attachment.replace(with: raw, in: pins)
            }
            if isInForce == true { inForce.append(attachment) } else { try attachment.detach(from: pins) }
        }
        return inForce
    }
}
