import CommandLineTool

/// A network namespace, as `manage` and `release` are told of it.
enum NamespaceReference: Hashable {
    /// That of a process.
    case process(id: Int32)
    /// Bound to a path, such as `/run/netns/pod`.
    case path(String)

    /// The file by which it is entered.
    var path: String {
        switch self {
        case .process(let id): "/proc/\(id)/ns/net"
        case .path(let path): path
        }
    }

    /// Options that name one.
    static let options: [Option] = [
        .value("pid", "PID", help: "The network namespace of this process."),
        .value("netns", "PATH", help: "The network namespace that this file is, such as /run/netns/web."),
    ]

    /// Takes one from the command line, nil when it names none.
    init?(_ invocation: Invocation) throws(UsageError) {
        switch (try invocation.unsigned("pid", in: 1...Int32.max), invocation.value("netns")) {
        case (let id?, nil): self = .process(id: id)
        case (nil, let path?): self = .path(path)
        case (nil, nil): return nil
        default: throw invocation.usageError(.rule("--pid and --netns exclude each other"))
        }
    }
}
