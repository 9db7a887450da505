import Inputs
import Model

/// The family `tc-mark`: frames and marks as upstream's tc programs were recorded with them.
enum TCMarkFamily {
    /// What a program is given.
    struct Call: Sendable {
        /// `.tcPod` or `.tcUplink`.
        var hook: Hook
        /// Of km_nodeinfo, in the order in which they are written.
        var nodeInfo: [(key: NodeInfoKey, value: UInt32)] = []
        var mark: PacketMark
        var frame: [UInt8]
    }

    /// What a program did.
    struct Outcome: Hashable, Sendable {
        /// As linux/pkt_cls.h names it.
        var verdict: String
        var mark: PacketMark
        var isFrameChanged: Bool
    }

    /// Runs one frame through a program.
    /// - Parameter run: The program, in preset upstream.
    static func differences(
        in vector: ConformanceCase, running run: (Call) throws -> Outcome
    ) throws(InputError) -> [Difference] {
        let call = try call(of: vector)
        let outcome: Outcome
        do {
            outcome = try run(call)
        } catch {
            throw vector.problem("\(error)")
        }
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareText("ret", with: outcome.verdict)
        try expectation.compareInteger("mark", with: Int(outcome.mark.rawValue))
        try expectation.compareBoolean("packet_changed", with: outcome.isFrameChanged)
        return try expectation.finish()
    }

    /// The simulator's programs.
    static func simulated(_ call: Call) throws -> Outcome {
        var maps = InterfaceMapStore(capacity: MapCapacities.upstream.nodeInfo)
        for entry in call.nodeInfo { try maps.nodeInfo.update(entry.key, to: entry.value) }
        let decision =
            call.hook == .tcPod
            ? TCPod(.upstream).run(call.frame, mark: call.mark, maps: maps)
            : TCUplink(.upstream).run(call.frame, mark: call.mark, maps: maps)
        return Outcome(
            verdict: decision.verdict == .pass ? "TC_ACT_OK" : "TC_ACT_SHOT", mark: decision.mark,
            isFrameChanged: false)
    }

    private static func call(of vector: ConformanceCase) throws(InputError) -> Call {
        var input = try vector.inputFields()
        let program = try input.requiredString("program")
        let hooks: [String: Hook] = ["tc_mark_encrypt": .tcPod, "tc_mark_decrypt": .tcUplink]
        guard let hook = hooks[program] else {
            throw vector.problem("\"program\" is \"\(program)\", which is not known")
        }
        let mark: UInt32 = try input.number(input.required("mark"), key: "mark")
        var call = Call(hook: hook, mark: PacketMark(rawValue: mark), frame: try input.frame("packet"))
        for node in input.list("nodeinfo") {
            var fields = try Fields(node, file: vector.file, what: "an entry of \"nodeinfo\"")
            let prefix = try fields.prefix(fields.required("cidr"))
            let value: UInt32 = try fields.number(fields.required("value"), key: "value")
            try fields.finish()
            call.nodeInfo.append((NodeInfoKey(prefix), value))
        }
        try input.finish()
        return call
    }
}
