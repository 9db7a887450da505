import Glibc

/// The helper process of tests with real sockets: it obeys the requests on standard input and answers on standard
/// output (`DriverRequest`), until its input ends. What it made ends with it: namespaces have no names, sockets and
/// programs are its own.
@main
enum SocketDriverProcess {
    static func main() {
        // A reader that is gone shows as an error of write.
        _ = signal(SIGPIPE, SIG_IGN)
        var driver = Driver()
        driver.serve()
        driver.stopAllPrograms()
    }
}
