import Model

/// A packet that came out of ESP.
struct OpenedPacket {
    var source: IPAddress
    var destination: IPAddress
    /// Index of the node that decrypted it.
    var node: Int
    /// As `RecentPackets` knows packets.
    var hash: UInt64

    /// - Parameter packet: From the IP header on, which is whole.
    init(_ packet: RawSpan, node: Int) {
        if packet.byte(at: 0) >> 4 == 6 {
            source = .v6(high: packet.network64(at: 8), low: packet.network64(at: 16))
            destination = .v6(high: packet.network64(at: 24), low: packet.network64(at: 32))
        } else {
            source = .v4(packet.network32(at: 12))
            destination = .v4(packet.network32(at: 16))
        }
        self.node = node
        hash = RecentPackets.hash(packet)
    }
}

/// Passes everything on and notes what is decrypted. Of a packet that a captured pod has sent nothing more is passed on:
/// all that was told when that capture showed it.
struct DecryptionTap<Base: ReplayObserver>: JourneyRecorder {
    var base: Base
    let places: ReplayPlaces
    /// By the pod's index.
    let isCaptured: [Bool]
    private(set) var opened: OpenedPacket?
    /// Whether the capture of a pod has shown the packet.
    private(set) var isSeenAgain = false

    init(base: consuming Base, places: ReplayPlaces, isCaptured: [Bool]) {
        self.base = base
        self.places = places
        self.isCaptured = isCaptured
    }

    mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep) {
        if !isSeenAgain { base.record(node: node, step()) }
    }

    static var wantsBytes: Bool { true }

    mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {
        if point == .decrypted {
            let opened = OpenedPacket(packet, node: node)
            self.opened = opened
            if let pod = places.pod(at: opened.source), isCaptured[pod] { isSeenAgain = true }
        }
        if Base.wantsBytes, !isSeenAgain { base.observe(point, node: node, mark: mark, packet, byteCount: byteCount) }
    }
}
