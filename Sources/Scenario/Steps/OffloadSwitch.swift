/// Who judges packets to pods is switched, as `kmeshctl authz` does it.
public struct OffloadSwitch: Hashable, Sendable {
    /// `on`: XDP judges packets; `off`: it only acts on what user space decided.
    public var isOn: Bool
    /// nil: every node.
    public var node: Located<String>?
}
