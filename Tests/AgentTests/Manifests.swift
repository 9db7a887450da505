/// Kubernetes manifests of the namespace `shop`, as short as they can be.
enum Manifests {
    /// A Service that selects the pods with the label `app: <name>`.
    static func service(_ name: String, _ address: String, port: Int = 80, target: Int = 8080) -> String {
        """
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: \(name), namespace: shop}
        spec: {clusterIP: \(address), selector: {app: \(name)}, ports: [{port: \(port), targetPort: \(target)}]}

        """
    }

    /// A Service whose endpoints are told.
    static func service(_ name: String, _ address: String, slice endpoints: [String]) -> String {
        let list = endpoints.map { "{addresses: [\($0)], conditions: {ready: true}}" }.joined(separator: ", ")
        return """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: \(name), namespace: shop}
            spec: {clusterIP: \(address), ports: [{name: http, port: 80, targetPort: 8080}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: \(name)-1, namespace: shop, labels: {kubernetes.io/service-name: \(name)}}
            addressType: IPv4
            ports: [{name: http, port: 8080, protocol: TCP}]
            endpoints: [\(list)]

            """
    }

    /// A pod with the label `app: <app>`.
    static func pod(_ name: String, _ address: String, app: String, node: String = "node-a") -> String {
        """
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: \(name), namespace: shop, labels: {app: \(app)}}
        spec: {nodeName: \(node), containers: [{name: c, image: x}]}
        status: {phase: Running, podIP: \(address), podIPs: [{ip: \(address)}], conditions: [{type: Ready, status: "True"}]}

        """
    }

    /// `web` at 10.96.0.1:80 with these pods, named `web-1` and so on.
    static func web(_ addresses: String..., port: Int = 80, target: Int = 8080) -> String {
        web(addresses, port: port, target: target)
    }

    /// The same.
    static func web(_ addresses: [String], port: Int = 80, target: Int = 8080) -> String {
        service("web", "10.96.0.1", port: port, target: target)
            + addresses.enumerated().map { pod("web-\($0.offset + 1)", $0.element, app: "web") }.joined()
    }

    /// `other` at 10.96.0.2:80 with one pod, 10.0.9.1.
    static let other = service("other", "10.96.0.2") + pod("other-1", "10.0.9.1", app: "other")
}
