import Model

extension KernelMapStore {
    /// Takes a pod's namespace and addresses into the mesh.
    public borrowing func manage(_ pod: ManagedPod) throws(KernelError) {
        for key in pod.keys { try manage.update(key, to: ManageValue(state: 0)) }
    }

    /// Lets a pod's namespace and addresses go.
    public borrowing func release(_ pod: ManagedPod) throws(KernelError) {
        for key in pod.keys { try manage.delete(key) }
    }
}

extension ManagedPod {
    /// What stands for the pod in km_manage: its namespace and its addresses.
    var keys: [ManageKey] { [ManageKey(cookie: netnsCookie)] + addresses.map { ManageKey($0) } }

    /// A pod in a namespace that was looked into.
    public init(namespace: String, name: String, in found: NetworkNamespace) {
        self.init(
            namespace: namespace, name: name, netnsPath: found.path, netnsInode: found.inode,
            netnsCookie: found.cookie, interface: found.interface, peerInterface: found.peerInterface,
            addresses: found.addresses)
    }
}
