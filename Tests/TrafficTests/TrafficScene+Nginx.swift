import KernelTestSupport
import Model
import SocketDriverProtocol

extension TrafficScene {
    /// Starts nginx on ports 8080 and 9090 of the pods' addresses. Each server answers with the pod and its port, such as
    /// `pod2:8080`, and takes uploads (PUT) below /files.
    mutating func startNginx() throws {
        let path = scratch.path
        var text = """
            daemon off;
            master_process off;
            pid \(path)/nginx.pid;
            error_log stderr;
            events { worker_connections 512; }
            http {
                access_log off;
                keepalive_requests 1000000;
                client_max_body_size 8m;
                client_body_temp_path \(path)/body;
                proxy_temp_path \(path)/proxy;
                fastcgi_temp_path \(path)/fastcgi;
                uwsgi_temp_path \(path)/uwsgi;
                scgi_temp_path \(path)/scgi;

            """
        for number in Self.podNumbers {
            for port in [8080, 9090] {
                text += """
                        server {
                            listen 10.77.0.\(number):\(port);
                            listen [fd77::\(number)]:\(port);
                            location / { return 200 "pod\(number):\(port)\\n"; }
                            location /files { root \(path); dav_methods PUT; create_full_put_path on; }
                        }

                    """
            }
        }
        let configuration = try scratch.write(text + "}\n", to: "nginx.conf")
        let program = try servers.start(
            ["nginx", "-e", "stderr", "-p", path, "-c", configuration, "-g", "user root;"], in: server.number)
        for number in Self.podNumbers {
            do {
                for family in AddressFamily.allCases {
                    let end = SocketAddress(Self.podAddress(UInt32(number), family), port: 8080)
                    try servers.waitForServer(at: end, in: server.number)
                }
            } catch {
                let errors = String(decoding: try servers.look(at: program).errors, as: UTF8.self)
                throw ServerFailure(description: "\(error): \(errors)")
            }
        }
    }

    /// Asks a URL with curl in the client's namespace and gives what it writes.
    mutating func curl(_ arguments: String...) throws -> String {
        try clients.output(["curl", "-sS", "-m", "10", "--noproxy", "*"] + arguments, in: client.number)
    }
}

/// A server does not answer; with what it wrote.
struct ServerFailure: Error, CustomStringConvertible {
    var description: String
}
