/// A Kubernetes object, read as what the mesh uses of it.
enum KubernetesItem: Sendable {
    case namespace(KubernetesNamespace)
    case node(KubernetesNode)
    indirect case nodeInfo(KubernetesNodeInfo)
    case pod(KubernetesPod)
    case service(KubernetesService)
    case controller(KubernetesController)
    case endpoints(KubernetesEndpoints)
    indirect case authorizationPolicy(KubernetesAuthorizationPolicy)
    indirect case peerAuthentication(KubernetesPeerAuthentication)
    /// An object of which only the name counts.
    case named(ObjectKey)
    /// An object of a kind that the mesh does not know; `kind` names its API version where the plain kind is known.
    case ignored(kind: String, name: KubernetesName, origin: ObjectOrigin)

    /// Reads an object.
    /// - Throws: when it is not of its kind's form.
    init(_ object: KubernetesObject) throws(InputError) {
        guard let kind = object.knownKind else {
            let isForeign = KubernetesKind(rawValue: object.kind) != nil
            let name = isForeign ? "\(object.kind) (\(object.apiVersion))" : object.kind
            self = .ignored(kind: name, name: object.objectName, origin: object.origin)
            return
        }
        self =
            switch kind {
            case .namespace: .namespace(try KubernetesNamespace(object))
            case .node: .node(try KubernetesNode(object))
            case .nodeInfo: .nodeInfo(try KubernetesNodeInfo(object))
            case .pod: .pod(try KubernetesPod(object))
            case .service: .service(try KubernetesService(object))
            case .deployment, .statefulSet, .daemonSet, .replicaSet, .job:
                .controller(try KubernetesController(object, kind: kind))
            case .endpointSlice: .endpoints(try KubernetesEndpoints(slice: object))
            case .endpoints: .endpoints(try KubernetesEndpoints(endpoints: object))
            case .authorizationPolicy: .authorizationPolicy(try KubernetesAuthorizationPolicy(object))
            case .peerAuthentication: .peerAuthentication(try KubernetesPeerAuthentication(object))
            case .serviceAccount, .cronJob: .named(ObjectKey(kind: kind, name: object.objectName))
            }
    }

    /// Kind and name, nil for an object of an unknown kind.
    var key: ObjectKey? {
        switch self {
        case .namespace(let namespace): ObjectKey(kind: .namespace, name: KubernetesName("", namespace.name))
        case .node(let node): ObjectKey(kind: .node, name: KubernetesName("", node.name))
        case .nodeInfo(let info): ObjectKey(kind: .nodeInfo, name: info.name)
        case .pod(let pod): ObjectKey(kind: .pod, name: pod.name)
        case .service(let service): ObjectKey(kind: .service, name: service.name)
        case .controller(let controller): controller.key
        case .endpoints(let endpoints): endpoints.key
        case .authorizationPolicy(let policy): ObjectKey(kind: .authorizationPolicy, name: policy.name)
        case .peerAuthentication(let policy): ObjectKey(kind: .peerAuthentication, name: policy.name)
        case .named(let key): key
        case .ignored: nil
        }
    }
}
