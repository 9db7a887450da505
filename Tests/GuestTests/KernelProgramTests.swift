import Testing

/// The project's kernel programs on a stock kernel that is older than the machine's.
@Suite(.enabled(if: Guest.isWanted, "\(Guest.absence ?? "")"))
struct KernelProgramTests {
    @Test func allProgramsLoad() throws {
        let scene = try RecordedGuestScene("doctor")
        let text: String = try scene.fact("text")
        #expect(try scene.fact("code", Int.self) == 0, "\(text)")
        #expect(text.contains("The agent can run here"), "\(text)")
    }

    @Test func theTwinsAgreeThereToo() throws {
        let scene = try RecordedGuestScene("differential")
        let text: String = try scene.fact("text")
        #expect(try scene.fact("code", Int.self) == 0, "\(text)")
        #expect(text.contains("passed") && !text.contains(" 0 tests"), "\(text)")
    }
}
