/// Connection reports that a step makes.
public enum Reports: Hashable, Sendable {
    case count(CountRange)
    /// As many reports as patterns, and each matches the pattern at its place in the order.
    case matching([ReportPattern])
}

/// What is looked at in a connection report; nil is not.
public struct ReportPattern: Hashable, Sendable {
    /// Which end of the connection reports.
    public enum Direction: String, Hashable, Sendable, CaseIterable {
        case inbound, outbound
    }

    /// States of a TCP connection, in the order of the kernel's numbers, which count from 1 (`include/net/tcp_states.h`).
    public enum State: String, Hashable, Sendable, CaseIterable {
        case established, synSent, synReceived, finWait1, finWait2, timeWait, close, closeWait, lastAck, listen, closing

        /// The kernel's number, 1…11.
        public var number: UInt32 { UInt32((Self.allCases.firstIndex(of: self) ?? 0) + 1) }
    }

    /// At which end the report is made.
    public var direction: Direction?
    /// The client.
    public var source: TargetPattern?
    /// The server.
    public var destination: TargetPattern?
    /// What the reporting socket remembers.
    public var originalDestination: StepExpectation.RememberedAddress?
    /// The state of the connection when it is reported.
    public var state: State?
    /// Bytes.
    public var sent: CountRange?
    /// Bytes.
    public var received: CountRange?
    /// Where the pattern stands.
    public var place: Place
}
