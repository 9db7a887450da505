import Glibc
import Live
import Testing

@Test func aKernelErrorNamesOperationObjectAndWhatIsMissing() {
    #expect(
        KernelError("update", "km_service", errno: E2BIG).description
            == "cannot update km_service: Argument list too long")
    #expect(
        KernelError("load", "km_connect4", errno: EPERM).description
            == "cannot load km_connect4: Operation not permitted (CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN are needed)")
}
