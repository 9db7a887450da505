/// Replays captured packets through a world, one after another: tells the flow of each, runs the hooks that its vantage
/// leaves before it, and keeps count of what becomes of it.
///
/// A value, like the world it holds: the same packets give the same report.
public struct ReplayEngine: Sendable {
    public private(set) var world: World
    public let vantages: [Vantage]
    public let options: ReplayOptions

    /// - Parameters:
    ///   - world: Its nodes have maps, and the pods to be managed are.
    ///   - vantages: Of the captures, in the order of `PacketRecord.vantage`.
    public init(world: World, vantages: [Vantage], options: ReplayOptions = ReplayOptions()) {
        self.world = world
        self.vantages = vantages
        self.options = options
    }
}
