/// Which directories have to be watched for the sake of which paths. Paths are taken as text.
///
/// A file is watched by its directory, so that it may be replaced or be absent. The directory that this takes, or that
/// is watched itself, is watched by its own parent in turn, so that it may be replaced as well.
struct WatchedPlaces: Sendable {
    /// One directory.
    struct Place: Hashable, Sendable {
        /// Watched files in it: name → path as given.
        var files: [String: String] = [:]
        /// The path as given, when the directory is watched for all that is in it.
        var whole: String?
        /// Names of directories in it that are places, too.
        var children: Set<String> = []
    }

    /// By the directory's path.
    private(set) var places: [String: Place] = [:]

    /// Kubernetes swaps this link in a volume's directory to change all files of the volume at once.
    static let volumeLink = "..data"

    init(files: [String], directories: [String]) {
        for file in files {
            let (directory, name) = Self.parts(of: file)
            places[directory, default: Place()].files[name] = file
            addParent(of: directory)
        }
        for directory in directories {
            let place = Self.trimmed(directory)
            places[place, default: Place()].whole = directory
            addParent(of: place)
        }
    }

    private mutating func addParent(of directory: String) {
        let (parent, name) = Self.parts(of: directory)
        guard name != "." && name != ".." && name != "/" else { return }
        places[parent, default: Place()].children.insert(name)
    }

    /// A path without slashes at its end.
    private static func trimmed(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    /// The directory of a path (`.` where none is named), and the name in it (`/` of the root).
    static func parts(of path: String) -> (directory: String, name: String) {
        let path = trimmed(path)
        guard path != "/" else { return ("/", "/") }
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let name = String(path[path.index(after: slash)...])
        return (slash == path.startIndex ? "/" : trimmed(String(path[..<slash])), name)
    }

    /// The path of a name in a directory, as `parts` takes it apart.
    static func join(_ directory: String, _ name: String) -> String {
        directory == "." ? name : directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    }

    /// Whether a path is that of a name in a directory.
    static func isInside(_ directory: String, _ path: String) -> Bool {
        path == join(directory, parts(of: path).name)
    }
}
