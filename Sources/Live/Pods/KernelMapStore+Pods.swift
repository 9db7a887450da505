import Model

extension KernelMapStore {
    /// Takes a pod's namespace and addresses into the mesh.
    public borrowing func manage(_ pod: ManagedPod) throws(KernelError) {
        for key in Self.keys(of: pod) { try manage.update(key, to: ManageValue(state: 0)) }
    }

    /// Lets a pod's namespace and addresses go.
    public borrowing func release(_ pod: ManagedPod) throws(KernelError) {
        for key in Self.keys(of: pod) { try manage.delete(key) }
    }

    private static func keys(of pod: ManagedPod) -> [ManageKey] {
        [ManageKey(cookie: pod.netnsCookie)] + pod.addresses.map { ManageKey($0) }
    }
}
