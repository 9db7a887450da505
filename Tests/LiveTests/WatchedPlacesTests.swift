import Testing

@testable import Live

@Test(arguments: [
    ("/a/b", "/a", "b"), ("/a", "/", "a"), ("a", ".", "a"), ("a/b/", "a", "b"), ("./a", ".", "a"), ("/", "/", "/"),
    ("a//b", "a", "b"), ("//", "/", "/"),
])
func aPathComesApartIntoDirectoryAndName(_ path: String, directory: String, name: String) {
    #expect(WatchedPlaces.parts(of: path) == (directory, name))
}

@Test func placesAreTheDirectoriesOfFilesAndTheirParents() {
    let places = WatchedPlaces(files: ["a/b/f", "g"], directories: ["d/"]).places
    #expect(Set(places.keys) == ["a/b", "a", ".", "d"])
    #expect(places["a/b"]?.files == ["f": "a/b/f"])
    #expect(places["a"]?.children == ["b"])
    #expect(places["."] == WatchedPlaces.Place(files: ["g": "g"], whole: nil, children: ["d"]))
    #expect(places["d"]?.whole == "d/")
}
