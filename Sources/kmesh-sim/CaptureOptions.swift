import Captures
import CommandLineTool
import Inputs

extension Option {
    /// Which packets of the captures.
    static let filter = Option.value(
        "filter", "EXPRESSION", help: "Take only packets that an expression of libpcap accepts.")

    /// Which packets are opened.
    static let tunnels = Option.value(
        "tunnels", "KINDS", choices: ["vxlan", "geneve", "all"],
        help: "Take the packets inside VXLAN or Geneve packets in their place.")
}

extension Invocation {
    /// The packets of the captures that the command's positional arguments name.
    /// - Throws: where a capture cannot be opened, or the filter's expression is wrong.
    func packets() throws -> NetworkPackets { try packets(of: positionals) }

    /// The packets of captures, as the options want them.
    func packets(of paths: [String]) throws -> NetworkPackets {
        do {
            return try NetworkPackets(paths: paths, filter: value("filter"), tunnels: tunnels)
        } catch let error as CaptureError {
            let place = error.offset.map { "at byte \($0): " } ?? ""
            throw InputError(error.file, nil, place + error.message)
        } catch let error as FilterError {
            throw usageError(.rule("--filter: \(error)"))
        }
    }

    private var tunnels: TunnelPorts? {
        switch value("tunnels") {
        case "vxlan": TunnelPorts(geneve: nil)
        case "geneve": TunnelPorts(vxlan: nil)
        case "all": TunnelPorts()
        default: nil
        }
    }
}
