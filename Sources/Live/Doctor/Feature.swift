internal import CBPF

/// A part of the kernel's BPF that the programs of the agent use.
enum Feature: Hashable, Sendable {
    case program(ProgramType)
    case map(MapType)
    case helper(Helper, ProgramType)

    enum ProgramType: String, Hashable, Sendable, CaseIterable {
        case socketAddress = "cgroup_sock_addr"
        case socketOperations = "sock_ops"
        case socketMessage = "sk_msg"
        case socketBuffer = "cgroup_skb"
        case xdp
        case classifier = "sched_cls"
    }

    enum MapType: String, Hashable, Sendable, CaseIterable {
        case hash, array
        case arrayPerCPU = "percpu_array"
        case hashLRU = "lru_hash"
        case longestPrefix = "lpm_trie"
        case programArray = "prog_array"
        case ringBuffer = "ringbuf"
        case socketHash = "sockhash"
        case socketStorage = "sk_storage"
    }

    /// Functions that programs call; those that every program has are left out.
    enum Helper: String, Hashable, Sendable, CaseIterable {
        case storageGet = "bpf_sk_storage_get"
        case storageDelete = "bpf_sk_storage_delete"
        case namespaceCookie = "bpf_get_netns_cookie"
        case socketCookie = "bpf_get_socket_cookie"
        case setReturnValue = "bpf_set_retval"
        case tailCall = "bpf_tail_call"
        case ringReserve = "bpf_ringbuf_reserve"
        case sockHashUpdate = "bpf_sock_hash_update"
        case setCallbacks = "bpf_sock_ops_cb_flags_set"
        case pushData = "bpf_msg_push_data"
        case tcpSocket = "bpf_tcp_sock"
        case fullSocket = "bpf_sk_fullsock"
        case frameLength = "bpf_xdp_get_buff_len"
        case loadBytes = "bpf_skb_load_bytes"
    }

    /// What the kernel says about a feature.
    enum Answer: Hashable, Sendable {
        case present, absent
        /// The question failed, with this error number.
        case untold(CInt)
    }

    /// Which helpers each type of program calls.
    static func helpers(of type: ProgramType) -> [Helper] {
        switch type {
        case .socketAddress:
            [
                .storageGet, .storageDelete, .namespaceCookie, .socketCookie, .setReturnValue, .tailCall, .ringReserve,
            ]
        case .socketOperations:
            [
                .storageGet, .namespaceCookie, .socketCookie, .ringReserve, .sockHashUpdate, .setCallbacks, .tcpSocket,
            ]
        case .socketMessage: [.storageGet, .namespaceCookie, .ringReserve, .pushData]
        case .socketBuffer: [.storageGet, .socketCookie, .ringReserve, .tcpSocket, .fullSocket]
        case .xdp: [.ringReserve, .frameLength]
        case .classifier: [.loadBytes]
        }
    }

    /// All that is needed.
    static let needed: [Feature] =
        ProgramType.allCases.map(Feature.program) + MapType.allCases.map(Feature.map)
        + ProgramType.allCases.flatMap { type in helpers(of: type).map { .helper($0, type) } }

    var name: String {
        switch self {
        case .program(let type): type.rawValue
        case .map(let type): type.rawValue
        case .helper(let helper, _): helper.rawValue
        }
    }
}

extension Feature.ProgramType {
    var kernelType: bpf_prog_type {
        switch self {
        case .socketAddress: BPF_PROG_TYPE_CGROUP_SOCK_ADDR
        case .socketOperations: BPF_PROG_TYPE_SOCK_OPS
        case .socketMessage: BPF_PROG_TYPE_SK_MSG
        case .socketBuffer: BPF_PROG_TYPE_CGROUP_SKB
        case .xdp: BPF_PROG_TYPE_XDP
        case .classifier: BPF_PROG_TYPE_SCHED_CLS
        }
    }

    /// Some types are loaded for one place of attachment.
    var kernelAttachType: bpf_attach_type {
        switch self {
        case .socketAddress: BPF_CGROUP_INET4_CONNECT
        case .socketOperations: BPF_CGROUP_SOCK_OPS
        case .socketMessage: BPF_SK_MSG_VERDICT
        case .socketBuffer: BPF_CGROUP_INET_INGRESS
        case .xdp: BPF_XDP
        // Any will do.
        case .classifier: BPF_CGROUP_INET_INGRESS
        }
    }
}

extension Feature.MapType {
    var kernelType: bpf_map_type {
        switch self {
        case .hash: BPF_MAP_TYPE_HASH
        case .array: BPF_MAP_TYPE_ARRAY
        case .arrayPerCPU: BPF_MAP_TYPE_PERCPU_ARRAY
        case .hashLRU: BPF_MAP_TYPE_LRU_HASH
        case .longestPrefix: BPF_MAP_TYPE_LPM_TRIE
        case .programArray: BPF_MAP_TYPE_PROG_ARRAY
        case .ringBuffer: BPF_MAP_TYPE_RINGBUF
        case .socketHash: BPF_MAP_TYPE_SOCKHASH
        case .socketStorage: BPF_MAP_TYPE_SK_STORAGE
        }
    }
}

extension Feature.Helper {
    var kernelID: bpf_func_id {
        switch self {
        case .storageGet: BPF_FUNC_sk_storage_get
        case .storageDelete: BPF_FUNC_sk_storage_delete
        case .namespaceCookie: BPF_FUNC_get_netns_cookie
        case .socketCookie: BPF_FUNC_get_socket_cookie
        case .setReturnValue: BPF_FUNC_set_retval
        case .tailCall: BPF_FUNC_tail_call
        case .ringReserve: BPF_FUNC_ringbuf_reserve
        case .sockHashUpdate: BPF_FUNC_sock_hash_update
        case .setCallbacks: BPF_FUNC_sock_ops_cb_flags_set
        case .pushData: BPF_FUNC_msg_push_data
        case .tcpSocket: BPF_FUNC_tcp_sock
        case .fullSocket: BPF_FUNC_sk_fullsock
        case .frameLength: BPF_FUNC_xdp_get_buff_len
        case .loadBytes: BPF_FUNC_skb_load_bytes
        }
    }
}
