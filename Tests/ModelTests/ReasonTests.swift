import KernelABI
import Model
import Testing

@Suite struct ReasonTests {
    @Test func reasonsMirrorTheHeader() {
        #expect(Reason.allCases.count == Int(KM_REASON_COUNT.rawValue))
        #expect(Reason.allCases.map(\.code) == Array(0..<KM_REASON_COUNT.rawValue))
        let pairs: [(Reason, km_reason)] = [
            (.none, KM_REASON_NONE), (.notManaged, KM_REASON_NOT_MANAGED), (.noFrontend, KM_REASON_NO_FRONTEND),
            (.serviceWaypoint, KM_REASON_SERVICE_WAYPOINT), (.backendWaypoint, KM_REASON_BACKEND_WAYPOINT),
            (.loadBalanced, KM_REASON_LOAD_BALANCED), (.noEndpoint, KM_REASON_NO_ENDPOINT),
            (.portNotListed, KM_REASON_PORT_NOT_LISTED), (.familyMismatch, KM_REASON_FAMILY_MISMATCH),
            (.tailCallLimit, KM_REASON_TAIL_CALL_LIMIT), (.nodeProbe, KM_REASON_NODE_PROBE),
            (.tlvPushFailed, KM_REASON_TLV_PUSH_FAILED), (.passthrough, KM_REASON_PASSTHROUGH),
            (.markedForPeer, KM_REASON_MARKED_FOR_PEER), (.clearFromPeer, KM_REASON_CLEAR_FROM_PEER),
            (.unreadableDropped, KM_REASON_UNREADABLE_DROPPED),
        ]
        for (reason, number) in pairs { #expect(reason.code == number.rawValue, "\(reason)") }
    }

    @Test(arguments: Reason.allCases) func namesLeadBack(_ reason: Reason) {
        #expect(!reason.sentence.isEmpty)
    }

    @Test func otherNamesAreRefused() { #expect(Reason(rawValue: "") == nil && Reason(rawValue: "NoFrontend") == nil) }
}
