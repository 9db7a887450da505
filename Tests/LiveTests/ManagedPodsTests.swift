import Live
import Model
import TestSupport
import Testing

private let pod = ManagedPod(
    namespace: "default", name: "web-0", netnsPath: "/run/netns/a b%é\n", netnsInode: 4_026_532_008, netnsCookie: 5,
    interface: "eth0", peerInterface: "veth=12", addresses: [.v4(0x0A00_0001), .v6(high: 0xfd00 << 48, low: 1)])
private let line =
    "namespace=default pod=web-0 netns=/run/netns/a%20b%25%c3%a9%0a inode=4026532008 cookie=5 interface=eth0"
    + " peer=veth=12 address=10.0.0.1 address=fd00::1"

@Test func managedPodsAreReadAsTheyWereWritten() throws {
    let scratch = try ScratchDirectory()
    let directory = try StateDirectory(path: scratch.path)
    var pods = try ManagedPods(in: directory)
    #expect(pods.count == 0)
    pods.manage(pod)
    pods.manage(ManagedPod(namespace: "a", name: "b", netnsPath: "/n", netnsInode: 1, netnsCookie: 0))
    try pods.save(in: directory)
    #expect(try ManagedPods(in: directory) == pods)
    #expect(
        String(decoding: try #require(try directory.contents(of: ManagedPods.fileName)), as: UTF8.self)
            == "managed pods 1\nnamespace=a pod=b netns=/n inode=1 cookie=0\n\(line)\n")
    #expect(pods.pods(named: "web-0", namespace: "default") == [pod])
    #expect(pods.release(cookie: 5) == pod)
    #expect(pods.release(cookie: 5) == nil)
    #expect(pods[5] == nil && pods[0] != nil)
}

@Test(arguments: [
    ("", "1: must be \"managed pods 1\""),
    ("managed pods 2\n", "1: must be \"managed pods 1\""),
    ("managed pods 1", "1: the file ends within a line"),
    ("managed pods 1\n\(line)", "2: the file ends within a line"),
    ("managed pods 1\n\(line)\n\(line)\n", "3: cookie 5 appears twice"),
    ("managed pods 1\n\n", "2: \"\" is no field"),
    ("managed pods 1\nnamespace=a pod=b inode=1 cookie=0\n", "2: netns is missing"),
    ("managed pods 1\nnamespace=a pod=b netns=/n inode=-1 cookie=0\n", "2: inode must be a number"),
    ("managed pods 1\nnamespace=a pod=b pod=c netns=/n inode=1 cookie=0\n", "2: pod is repeated or out of order"),
    ("managed pods 1\nnamespace=a netns=/n pod=b inode=1 cookie=0\n", "2: pod is repeated or out of order"),
    ("managed pods 1\nnamespace=a pod=%zz netns=/n inode=1 cookie=0\n", "2: \"pod=%zz\" is badly escaped"),
    ("managed pods 1\nnamespace=a pod=b netns=/n inode=1 cookie=0 address=10\n", "2: \"10\" is no address"),
    ("managed pods 1\nnamespace=a pod=b netns=/n inode=1 cookie=0 colour=red\n", "2: \"colour=red\" is no field"),
])
func aBadFileOfManagedPodsIsNamedWithItsLine(_ text: String, _ message: String) throws {
    let scratch = try ScratchDirectory()
    let directory = try StateDirectory(path: scratch.path)
    try scratch.write(text, to: ManagedPods.fileName)
    do throws(StateError) {
        _ = try ManagedPods(in: directory)
        Issue.record("it was read")
    } catch {
        #expect(error.description.hasPrefix("\(scratch.path(of: ManagedPods.fileName)):\(message)"), "\(error)")
    }
}
