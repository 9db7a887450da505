public import Inputs
public import Model

/// Why the agent, or a command beside it, cannot do what it is asked for.
public enum AgentError: Error, Sendable, CustomStringConvertible {
    case input(InputError)
    case state(StateError)
    case load(LoadError)
    case kernel(KernelError)
    case write(MapWriteError)
    case maps(ReconciliationError)
    /// The kernel has no ESP, or not the algorithm of our keys.
    case missingCipher(KernelError)
    /// A sentence.
    case refused(String)

    /// Whether a privilege or a feature of the kernel is missing.
    public var isMissingPrivilege: Bool {
        switch self {
        case .load(let error): error.isMissingPrivilege
        case .kernel(let error): error.isMissingPrivilege
        case .write(let error): error.error.isMissingPrivilege
        case .state(.refused(let error)): error.isMissingPrivilege
        case .missingCipher: true
        case .input, .state, .maps, .refused: false
        }
    }

    /// Whether a file of the user's is wrong.
    public var isBadInput: Bool {
        if case .input = self { return true }
        return false
    }

    public var description: String {
        switch self {
        case .input(let error): "\(error)"
        case .state(let error): "\(error)"
        case .load(let error): "\(error)"
        case .kernel(let error): "\(error)"
        case .write(let error): "\(error)"
        case .maps(let error): "\(error)"
        case .missingCipher(let error):
            "this kernel cannot encrypt (\(error)): it lacks ESP (modules esp4 and esp6) or \(AEADKey.algorithm) "
                + "(modules gcm and seqiv)"
        case .refused(let text): text
        }
    }

    /// Does `body`, whose errors are the kernel's.
    public static func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(AgentError) -> Result
    {
        do throws(KernelError) { return try body() } catch { throw .kernel(error) }
    }

    /// Does `body`, and says what it throws as one of these.
    static func wrapping<Result: ~Copyable>(_ body: () throws -> Result) throws(AgentError) -> Result {
        do {
            return try body()
        } catch let error as AgentError {
            throw error
        } catch let error as InputError {
            throw .input(error)
        } catch let error as StateError {
            throw .state(error)
        } catch let error as LoadError {
            throw .load(error)
        } catch let error as KernelError {
            throw .kernel(error)
        } catch let error as MapWriteError {
            throw .write(error)
        } catch let error as ReconciliationError {
            throw .maps(error)
        } catch {
            throw .refused("\(error)")
        }
    }
}
