internal import CMicrohttpd
import Glibc

/// What the server answers with. Each closure is called on the server's own thread, and holds up the other requests
/// while it works.
public struct MetricsRoutes: Sendable {
    /// For GET /metrics.
    public var metrics: @Sendable () -> [MetricFamily]
    /// For GET /healthz: whether the agent works at all.
    public var isHealthy: @Sendable () -> Bool
    /// For GET /readyz: whether the agent has done what it has to do before pods come.
    public var isReady: @Sendable () -> Bool

    public init(
        metrics: @escaping @Sendable () -> [MetricFamily], isHealthy: @escaping @Sendable () -> Bool = { true },
        isReady: @escaping @Sendable () -> Bool = { true }
    ) {
        self.metrics = metrics
        self.isHealthy = isHealthy
        self.isReady = isReady
    }
}

/// Owns an HTTP server for Prometheus and for probes, which runs on a thread of its own as long as the value lives.
///
/// Safe, though it holds a C object: that is lent to nobody.
@safe
public struct MetricsServer: ~Copyable {
    /// Connections at once; more wait in the kernel's queue.
    public static let connectionLimit = 64
    /// A client that neither sends nor takes anything for this long is dropped.
    public static let timeoutSeconds = 10

    /// Where it listens, with the real port.
    public let address: ListenAddress
    private let daemon: OpaquePointer
    /// Kept here for the daemon, which has only a pointer to it.
    private let routes: Routes

    /// Holds closures behind one pointer; hence a class.
    private final class Routes: Sendable {
        let routes: MetricsRoutes
        init(_ routes: MetricsRoutes) { self.routes = routes }
    }

    /// Begins to serve.
    /// - Throws: an error that names the address, such as "cannot listen on 127.0.0.1:9090: Address already in use".
    public init(on address: ListenAddress, routes: MetricsRoutes) throws(KernelError) {
        let socket = try address.listeningSocket()
        let routes = Routes(routes)
        let listening = socket.withRaw { Self.duplicate($0) }
        guard listening >= 0 else { throw .last("listen on", address.description) }
        // The pointer is good for as long as the daemon runs: the server holds the object until it has stopped it.
        let closure = unsafe Unmanaged.passUnretained(routes).toOpaque()
        let daemon = unsafe km_http_start(
            listening, MetricsServer.answer, closure, CUnsignedInt(Self.connectionLimit),
            CUnsignedInt(Self.timeoutSeconds))
        guard let daemon = unsafe daemon else { throw .last("serve HTTP on", address.description) }
        unsafe self.daemon = daemon
        self.routes = routes
        self.address = ListenAddress(address.address, port: socket.withRaw { ListenAddress.port(ofSocket: $0) })
    }

    deinit {
        // Waits for the thread to end; nothing of the daemon is used after it.
        unsafe MHD_stop_daemon(daemon)
    }

    /// Another descriptor of the same socket, which the daemon closes itself.
    private static func duplicate(_ raw: CInt) -> CInt { fcntl(raw, F_DUPFD_CLOEXEC, 0) }

    /// What is sent back.
    private struct Answer {
        var status: Int
        var body: [UInt8]
        var contentType = "text/plain; charset=utf-8"
        var allow: String?

        init(_ status: Int, _ text: String) {
            self.status = status
            body = Array(text.utf8)
        }
    }

    private static func answer(_ method: String, _ path: String, _ routes: MetricsRoutes) -> Answer {
        let body: () -> Answer
        switch path {
        case "/metrics":
            body = {
                var answer = Answer(200, "")
                answer.body = MetricText.bytes(routes.metrics())
                answer.contentType = MetricText.contentType
                return answer
            }
        case "/healthz": body = { routes.isHealthy() ? Answer(200, "ok\n") : Answer(503, "not healthy\n") }
        case "/readyz": body = { routes.isReady() ? Answer(200, "ok\n") : Answer(503, "not ready\n") }
        default: return Answer(404, "There are /metrics, /healthz and /readyz.\n")
        }
        guard method == "GET" || method == "HEAD" else {
            var answer = Answer(405, "Only GET and HEAD.\n")
            answer.allow = "GET, HEAD"
            return answer
        }
        return body()
    }

    /// Called by the daemon for each request, on its thread. To HEAD it sends no body, but its length.
    private static let answer: MHD_AccessHandlerCallback = { closure, connection, url, method, _, _, _, _ in
        guard let closure = unsafe closure, let url = unsafe url, let method = unsafe method else {
            return MHD_Result.NO
        }
        // The server holds the object until it has stopped the daemon. The texts end in a zero, and live for the call.
        let routes = unsafe Unmanaged<Routes>.fromOpaque(closure).takeUnretainedValue().routes
        let answer = unsafe MetricsServer.answer(String(cString: method), String(cString: url), routes)
        var body = answer.body
        // In bounds: the body is copied, by its count.
        let response = unsafe body.withUnsafeMutableBytes {
            unsafe MHD_create_response_from_buffer($0.count, $0.baseAddress, MHD_ResponseMemoryMode.RESPMEM_MUST_COPY)
        }
        guard let response = unsafe response else { return MHD_Result.NO }
        // The texts are copied; the connection keeps its own reference to the response.
        unsafe MHD_add_response_header(response, "Content-Type", answer.contentType)
        if let allow = answer.allow { unsafe MHD_add_response_header(response, "Allow", allow) }
        let result = unsafe MHD_queue_response(connection, CUnsignedInt(answer.status), response)
        unsafe MHD_destroy_response(response)
        return result
    }
}
