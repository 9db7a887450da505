/// Where packets of a capture were seen. A pcap file has one, without a name.
public struct CaptureInterface: Hashable, Sendable {
    /// Empty where the file gives none; longer names are cut to 255 bytes.
    public let name: String
    /// As for the name.
    public let description: String
    public let linkType: LinkType
    /// No more bytes of a packet were captured; 0 for no limit.
    public let snapLength: UInt32
    public let clock: CaptureClock
}

extension CaptureInterface {
    /// What every packet asks for: without texts, whose owners would be counted for each.
    struct Traits {
        let linkType: LinkType
        let snapLength: UInt32
        let clock: CaptureClock
    }

    var traits: Traits { Traits(linkType: linkType, snapLength: snapLength, clock: clock) }
}
