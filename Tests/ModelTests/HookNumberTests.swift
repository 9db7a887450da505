import KernelABI
import Model
import Testing

/// The hooks have the numbers of kernel_abi.h: events and counts are told apart by them.
@Test func hooksHaveTheNumbersOfTheKernel() {
    let pairs: [(Hook, km_hook)] = [
        (.connect4, KM_HOOK_CONNECT4), (.connect6, KM_HOOK_CONNECT6), (.sendmsg4, KM_HOOK_SENDMSG4),
        (.recvmsg4, KM_HOOK_RECVMSG4), (.sockOps, KM_HOOK_SOCKOPS), (.skMsg, KM_HOOK_SK_MSG),
        (.cgroupSkb, KM_HOOK_CGROUP_SKB), (.xdpIngress, KM_HOOK_XDP_INGRESS), (.tcPod, KM_HOOK_TC_POD),
        (.tcUplink, KM_HOOK_TC_UPLINK),
    ]
    #expect(pairs.count == Int(KM_HOOK_COUNT.rawValue))
    for (hook, number) in pairs { #expect(Hook.allCases[Int(number.rawValue)] == hook) }
}
