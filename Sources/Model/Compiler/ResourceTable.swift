/// A dictionary by id whose values have memory of their own: a dictionary is up to two thirds empty, and twice as large
/// while it grows, which is much for a hundred thousand large values.
struct ResourceTable<Value: Sendable>: Sendable {
    private indirect enum Box: Sendable { case value(Value) }

    private var boxes: [ResourceID: Box] = [:]

    var count: Int { boxes.count }
    /// In no order.
    var ids: some Collection<ResourceID> { boxes.keys }

    /// The value of an id, nil when there is none.
    subscript(id: ResourceID) -> Value? {
        get {
            guard case .value(let value)? = boxes[id] else { return nil }
            return value
        }
        set { boxes[id] = newValue.map(Box.value) }
    }
}
