import Glibc
import SocketDriverProtocol

extension Driver {
    /// Runs a program to its end; it is killed when the time is up.
    mutating func run(
        _ namespace: NamespaceNumber, _ arguments: [String], input: [UInt8], timeoutMilliseconds: UInt32
    ) throws(Failure) -> ProgramOutcome {
        try namespaces.enter(namespace)
        var program = try BackgroundProgram(arguments, input: input)
        if try !program.wait(milliseconds: CInt(clamping: timeoutMilliseconds)) {
            program.signal(SIGKILL)
            _ = try program.wait(milliseconds: -1)
        }
        return try program.outcome()
    }

    mutating func start(_ namespace: NamespaceNumber, _ arguments: [String]) throws(Failure) -> ProgramNumber {
        try namespaces.enter(namespace)
        let number = ProgramNumber(rawValue: takeNumber())
        programs[number] = try BackgroundProgram(arguments, input: [])
        return number
    }

    mutating func look(_ number: ProgramNumber) throws(Failure) -> ProgramOutcome {
        guard var program = programs[number] else { throw Failure(ESRCH) }
        _ = try program.wait(milliseconds: 0)
        programs[number] = program
        return try program.outcome()
    }

    mutating func stop(_ number: ProgramNumber) throws(Failure) -> ProgramOutcome {
        guard var program = programs.removeValue(forKey: number) else { throw Failure(ESRCH) }
        program.signal(SIGTERM)
        if try !program.wait(milliseconds: 2000) {
            program.signal(SIGKILL)
            _ = try program.wait(milliseconds: -1)
        }
        return try program.outcome()
    }

    /// Kills what still runs.
    mutating func stopAllPrograms() {
        for program in programs.values { program.signal(SIGKILL) }
        for number in Array(programs.keys) { _ = try? stop(number) }
    }
}
