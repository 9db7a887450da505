/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space and the kernel programs share: map layouts, event records and reason codes.
 *
 * The BPF programs include this file and Swift imports it, so there is one definition of every layout. The first
 * five maps keep the bytes of upstream Kmesh's dual-engine mode: a map that its daemon pinned can be read by us and
 * the other way round.
 *
 * Integers are in host order (little-endian) unless a comment says otherwise. A "port in a map value" is the 16-bit
 * port in network order in the low half of a u32.
 */
#ifndef KERNEL_ABI_H
#define KERNEL_ABI_H

#include "abi_types.h"
#include "authorization_abi.h"

#define KM_PRIORITY_COUNT 7		/* priorities of a service: 0 (nearest) to 6 */
#define KM_SERVICE_PORT_COUNT 10	/* ports of a service in its map value */
#define KM_BACKEND_SERVICE_COUNT 10	/* services of a workload in its map value */
#define KM_TAIL_CALL_LIMIT 33		/* MAX_TAIL_CALL_CNT of the kernel */
#define KM_DNS_PORT 53
#define KM_DNS_PROXY_UID 0		/* backend 0 is the DNS proxy */
#define KM_CONTROL_MANAGE_PORT 929
#define KM_CONTROL_RELEASE_PORT 930
#define KM_ENDPOINT_TRY_COUNT 8		/* hardened: endpoints tried in one priority */
#define KM_TLV_ORIGINAL_DST 0x01	/* types of the records before a waypoint connection's payload */
#define KM_TLV_END 0xfe
#define KM_REPORT_PERIOD_NS 5000000000ULL	/* between two reports of one open connection */
#define KM_WAYPOINT_STATUS_PORT 15021
#define KM_PROBE_SOURCE_COUNT 8		/* addresses from which a node probes its pods */
#define KM_MARK_ENCRYPT 0xe0		/* of packets to a peer's pods: XFRM policies encrypt them */
#define KM_MARK_DECRYPTED 0xd0		/* of what XFRM decrypted: the output mark of receiving states */

/* Load balancing policies, km_service_value.lb_policy. */
enum km_lb_policy {
	KM_LB_RANDOM = 0,
	KM_LB_STRICT = 1,
	KM_LB_FAILOVER = 2,
	KM_LB_PASSTHROUGH = 3,	/* the destination stays; to upstream an unknown policy with the same effect */
};

/* km_frontend, hash. The value is a service id or a backend uid. */
struct km_frontend_key {
	struct km_addr addr;
} __attribute__((packed, aligned(4)));
KM_ASSERT_SIZE(km_frontend_key, 16);
KM_ASSERT_OFFSET(km_frontend_key, addr, 0);

struct km_frontend_value {
	__u32 upstream_id;
} __attribute__((packed, aligned(4)));
KM_ASSERT_SIZE(km_frontend_value, 4);
KM_ASSERT_OFFSET(km_frontend_value, upstream_id, 0);

/* km_service, hash. */
struct km_service_key {
	__u32 service_id;
} __attribute__((packed, aligned(4)));
KM_ASSERT_SIZE(km_service_key, 4);
KM_ASSERT_OFFSET(km_service_key, service_id, 0);

struct km_service_value {
	__u32 prio_endpoint_count[KM_PRIORITY_COUNT];
	__u32 lb_policy;
	__u32 service_port[KM_SERVICE_PORT_COUNT];	/* network order, 0 = unused */
	__u32 target_port[KM_SERVICE_PORT_COUNT];	/* network order */
	struct km_addr wp_addr;
	__u32 waypoint_port;				/* network order, 0 = no waypoint */
} __attribute__((packed, aligned(4)));
KM_ASSERT_SIZE(km_service_value, 132);
KM_ASSERT_OFFSET(km_service_value, prio_endpoint_count, 0);
KM_ASSERT_OFFSET(km_service_value, lb_policy, 28);
KM_ASSERT_OFFSET(km_service_value, service_port, 32);
KM_ASSERT_OFFSET(km_service_value, target_port, 72);
KM_ASSERT_OFFSET(km_service_value, wp_addr, 112);
KM_ASSERT_OFFSET(km_service_value, waypoint_port, 128);

/* km_endpoint, hash. backend_index counts from 1. */
struct km_endpoint_key {
	__u32 service_id;
	__u32 prio;
	__u32 backend_index;
} __attribute__((packed, aligned(4)));
KM_ASSERT_SIZE(km_endpoint_key, 12);
KM_ASSERT_OFFSET(km_endpoint_key, service_id, 0);
KM_ASSERT_OFFSET(km_endpoint_key, prio, 4);
KM_ASSERT_OFFSET(km_endpoint_key, backend_index, 8);

struct km_endpoint_value {
	__u32 backend_uid;
} __attribute__((packed, aligned(4)));
KM_ASSERT_SIZE(km_endpoint_value, 4);
KM_ASSERT_OFFSET(km_endpoint_value, backend_uid, 0);

/* km_backend, hash. */
struct km_backend_key {
	__u32 backend_uid;
} __attribute__((packed, aligned(4)));
KM_ASSERT_SIZE(km_backend_key, 4);
KM_ASSERT_OFFSET(km_backend_key, backend_uid, 0);

struct km_backend_value {
	struct km_addr addr;
	__u32 service_count;
	__u32 service[KM_BACKEND_SERVICE_COUNT];
	struct km_addr wp_addr;
	__u32 waypoint_port;				/* network order, 0 = no waypoint */
} __attribute__((packed, aligned(4)));
KM_ASSERT_SIZE(km_backend_value, 80);
KM_ASSERT_OFFSET(km_backend_value, addr, 0);
KM_ASSERT_OFFSET(km_backend_value, service_count, 16);
KM_ASSERT_OFFSET(km_backend_value, service, 20);
KM_ASSERT_OFFSET(km_backend_value, wp_addr, 60);
KM_ASSERT_OFFSET(km_backend_value, waypoint_port, 76);

/* km_backend_alt, hash, ours: the address of a dual-stack workload that km_backend has no room for. */
struct km_backend_alt_value {
	struct km_addr addr;
};
KM_ASSERT_SIZE(km_backend_alt_value, 16);
KM_ASSERT_OFFSET(km_backend_alt_value, addr, 0);

/* km_service_port, hash, ours: the ports of a service beyond the ten in km_service. */
struct km_service_port_key {
	__u32 service_id;
	__u32 service_port;	/* network order */
};
KM_ASSERT_SIZE(km_service_port_key, 8);
KM_ASSERT_OFFSET(km_service_port_key, service_id, 0);
KM_ASSERT_OFFSET(km_service_port_key, service_port, 4);

struct km_service_port_value {
	__u32 target_port;	/* network order */
};
KM_ASSERT_SIZE(km_service_port_value, 4);
KM_ASSERT_OFFSET(km_service_port_value, target_port, 0);

/* km_manage, hash. Key: a netns cookie (u64, rest zero) or an address. Value: u32. */
struct km_manage_key {
	__u8 bytes[16];
};
KM_ASSERT_SIZE(km_manage_key, 16);
KM_ASSERT_OFFSET(km_manage_key, bytes, 0);

struct km_manage_value {
	__u32 state;
};
KM_ASSERT_SIZE(km_manage_value, 4);
KM_ASSERT_OFFSET(km_manage_value, state, 0);

/* km_sockstorage, sk_storage. Only the destination half of original_dst is set, its port in network order. */
struct km_sockstorage_value {
	__u64 connect_ns;
	__u64 last_report_ns;
	__u8 direction;
	__u8 connect_success;
	__u8 via_waypoint;
	__u8 has_encoded;
	__u8 has_set_ip;
	__u8 pad[3];
	struct km_tuple original_dst;
	__u32 fin_wait2_received; /* ours, where upstream has padding: bytes received when FIN_WAIT2 began */
};
KM_ASSERT_SIZE(km_sockstorage_value, 64);
KM_ASSERT_OFFSET(km_sockstorage_value, connect_ns, 0);
KM_ASSERT_OFFSET(km_sockstorage_value, last_report_ns, 8);
KM_ASSERT_OFFSET(km_sockstorage_value, direction, 16);
KM_ASSERT_OFFSET(km_sockstorage_value, connect_success, 17);
KM_ASSERT_OFFSET(km_sockstorage_value, via_waypoint, 18);
KM_ASSERT_OFFSET(km_sockstorage_value, has_encoded, 19);
KM_ASSERT_OFFSET(km_sockstorage_value, has_set_ip, 20);
KM_ASSERT_OFFSET(km_sockstorage_value, original_dst, 24);
KM_ASSERT_OFFSET(km_sockstorage_value, fin_wait2_received, 60);

/* km_nodeinfo, LPM trie: where packets are encrypted to. The value is a u32 = 1; that it is there counts. */
struct km_nodeinfo_key {
	__u32 prefix_length;	/* bits of addr that count */
	struct km_addr addr;
};
KM_ASSERT_SIZE(km_nodeinfo_key, 20);
KM_ASSERT_OFFSET(km_nodeinfo_key, prefix_length, 0);
KM_ASSERT_OFFSET(km_nodeinfo_key, addr, 4);

/* km_peer, hash, ours: the mark (u32) of ESP from an address of a peer. Key: struct km_addr, IPv4 as a mapped address. */

enum km_direction {
	KM_DIRECTION_INBOUND = 1,
	KM_DIRECTION_OUTBOUND = 2,
};

struct km_original_dst {
	struct km_addr addr;
	__u16 port;		/* host order */
	__u16 pad;
};
KM_ASSERT_SIZE(km_original_dst, 20);
KM_ASSERT_OFFSET(km_original_dst, addr, 0);
KM_ASSERT_OFFSET(km_original_dst, port, 16);

/* km_tcp_probe, ring buffer: the report of one connection. Tuple ports are in host order. */
struct km_connection_report {
	__u32 type;		/* 0 = IPv4, 1 = IPv6 */
	struct km_tuple tuple;	/* the client's view */
	struct km_original_dst original_dst;
	__u32 sent_bytes;
	__u32 received_bytes;
	__u32 connected;
	__u32 direction;	/* enum km_direction */
	__u32 tcp_state;
	__u64 duration_ns;
	__u64 start_ns;
	__u64 last_report_ns;
	__u32 protocol;		/* upstream never writes it */
	__u32 smoothed_rtt;	/* microseconds x 8 */
	__u32 minimum_rtt;	/* microseconds */
	__u32 retransmissions;
	__u32 lost;
	__u32 tail_pad;
};
KM_ASSERT_SIZE(km_connection_report, 128);
KM_ASSERT_OFFSET(km_connection_report, type, 0);
KM_ASSERT_OFFSET(km_connection_report, tuple, 4);
KM_ASSERT_OFFSET(km_connection_report, original_dst, 40);
KM_ASSERT_OFFSET(km_connection_report, sent_bytes, 60);
KM_ASSERT_OFFSET(km_connection_report, received_bytes, 64);
KM_ASSERT_OFFSET(km_connection_report, connected, 68);
KM_ASSERT_OFFSET(km_connection_report, direction, 72);
KM_ASSERT_OFFSET(km_connection_report, tcp_state, 76);
KM_ASSERT_OFFSET(km_connection_report, duration_ns, 80);
KM_ASSERT_OFFSET(km_connection_report, start_ns, 88);
KM_ASSERT_OFFSET(km_connection_report, last_report_ns, 96);
KM_ASSERT_OFFSET(km_connection_report, protocol, 104);
KM_ASSERT_OFFSET(km_connection_report, smoothed_rtt, 108);
KM_ASSERT_OFFSET(km_connection_report, minimum_rtt, 112);
KM_ASSERT_OFFSET(km_connection_report, retransmissions, 116);
KM_ASSERT_OFFSET(km_connection_report, lost, 120);

/*
 * How the programs behave: set before they are loaded and constant from then on, so that the verifier removes what is
 * not chosen. Each is 0 or 1 unless a comment says otherwise.
 */
struct km_options {
	__u8 no_endpoint_refuses;	/* H1: else the connect leaves the mesh */
	__u8 missing_entry_tries_next;	/* H2: else the lookup gives up */
	__u8 unlisted_port_refuses;	/* H3: else the connect leaves the mesh */
	__u8 waypoint_needs_address;	/* H4: else a service's first address word, or a backend's port, tells */
	__u8 tlv_marked_after_push;	/* H11: else before it */
	__u8 each_connect_remembers;	/* H12: else a socket's first successful connect, for ever */
	__u8 other_family_skipped;	/* H13: else its bytes are taken as they are */
	__u8 managed_by_record;		/* H14: else the local address tells */
	__u8 dns_reply_of_proxy_only;	/* H15: else every datagram from port 53 */
	__u8 control_address_obeyed;	/* H16: any process may manage and release its namespace */
	__u8 extras_kept;		/* km_service_port and km_backend_alt are read */
	__u8 has_tail_calls;		/* the prog arrays are filled: a waypoint's address is looked up too */
	__u8 is_monitoring;		/* connections are reported */
	__u8 asks_for_verdicts;		/* inbound connections are put to user space */
	__u8 is_deterministic;		/* draws come from km_generator */
	__u8 probe_source_count;	/* 0 to KM_PROBE_SOURCE_COUNT */
	struct km_addr probe_source[KM_PROBE_SOURCE_COUNT];	/* this node and its pods' gateways */
	__u32 denials_per_second;	/* reported at most; all are counted */
	__u8 judges_by_policies;	/* H5 to H8: the compiled policies decide, else user space alone */
	__u8 tc_walks_headers;		/* H5: else tc reads at fixed places, and what it cannot read passes */
	__u8 tc_drops_clear;		/* H9: packets in clear from a peer's pods are dropped */
	__u8 tc_marks_esp;		/* H18: ESP gets the mark of the peer that it comes from */
	__u32 authz_bucket_mask;	/* buckets of km_authz_dst, less 1 */
	__u8 tc_ends_filters;		/* what follows the programs at an interface is not asked; else it is */
	__u8 pad[3];
};
KM_ASSERT_SIZE(km_options, 32 + 16 * KM_PROBE_SOURCE_COUNT);
KM_ASSERT_OFFSET(km_options, tc_ends_filters, 28 + 16 * KM_PROBE_SOURCE_COUNT);
KM_ASSERT_OFFSET(km_options, authz_bucket_mask, 24 + 16 * KM_PROBE_SOURCE_COUNT);
KM_ASSERT_OFFSET(km_options, judges_by_policies, 20 + 16 * KM_PROBE_SOURCE_COUNT);
KM_ASSERT_OFFSET(km_options, denials_per_second, 16 + 16 * KM_PROBE_SOURCE_COUNT);
KM_ASSERT_OFFSET(km_options, probe_source_count, 15);
KM_ASSERT_OFFSET(km_options, probe_source, 16);

/* The hooks, in the order of the simulator's Hook. */
enum km_hook {
	KM_HOOK_CONNECT4 = 0,
	KM_HOOK_CONNECT6 = 1,
	KM_HOOK_SENDMSG4 = 2,
	KM_HOOK_RECVMSG4 = 3,
	KM_HOOK_SOCKOPS = 4,
	KM_HOOK_SK_MSG = 5,
	KM_HOOK_CGROUP_SKB = 6,
	KM_HOOK_XDP_INGRESS = 7,
	KM_HOOK_TC_POD = 8,
	KM_HOOK_TC_UPLINK = 9,
	KM_HOOK_COUNT
};

/* km_reason_count, per-CPU array: how often each hook ended with each reason. Index: hook x 128 + reason. */
#define KM_REASON_SLOTS 128

/* km_event, ring buffer: one exit of one program, sent while somebody asks (km_events_until_ns). */
struct km_event {
	__u64 time_ns;		/* since boot */
	__u64 netns_cookie;	/* 0 where the hook cannot know */
	__u64 socket_cookie;	/* likewise */
	__u8 hook;		/* enum km_hook */
	__u8 reason;		/* enum km_reason */
	__u8 is_ipv6;		/* the socket's family */
	__u8 pad;
	__u16 before_port;	/* host order, as those below */
	__u16 after_port;
	struct km_addr before;	/* where the program wanted to go; of a datagram received, where it came from */
	struct km_addr after;	/* where it goes, or what the program sees */
};
KM_ASSERT_SIZE(km_event, 64);
KM_ASSERT_OFFSET(km_event, hook, 24);
KM_ASSERT_OFFSET(km_event, before_port, 28);
KM_ASSERT_OFFSET(km_event, before, 32);
KM_ASSERT_OFFSET(km_event, after, 48);

/*
 * Why a hook did what it did. Append only, never renumber: recordings and the simulator's Reason hold these numbers.
 */
enum km_reason {
	KM_REASON_NONE = 0,
	/* connect4, connect6, sendmsg4, recvmsg4 */
	KM_REASON_CONTROL_MANAGE = 1,		/* 0.0.0.2:929: the caller's namespace is managed from now on */
	KM_REASON_CONTROL_RELEASE = 2,		/* 0.0.0.2:930: the caller's namespace is released */
	KM_REASON_NOT_MANAGED = 3,		/* the caller's namespace is not in km_manage */
	KM_REASON_DNS_REDIRECTED = 4,		/* port 53 goes to the DNS proxy, backend 0 */
	KM_REASON_DNS_NO_PROXY = 5,		/* port 53, but there is no backend 0 */
	KM_REASON_NOT_TCP = 6,
	KM_REASON_NO_FRONTEND = 7,		/* nothing in the mesh owns the address */
	KM_REASON_FRONTEND_DANGLING = 8,	/* the frontend names neither a service nor a backend */
	KM_REASON_WORKLOAD_DIRECT = 9,		/* the address of a workload without waypoint */
	KM_REASON_WORKLOAD_WAYPOINT = 10,	/* the address of a workload with a waypoint */
	KM_REASON_SERVICE_WAYPOINT = 11,
	KM_REASON_BACKEND_WAYPOINT = 12,	/* the picked backend has a waypoint */
	KM_REASON_LOAD_BALANCED = 13,		/* the picked backend, at the matching target port */
	KM_REASON_RANDOM_EMPTY = 14,		/* random without endpoints */
	KM_REASON_NO_ENDPOINT = 15,		/* strict without a local endpoint, failover without any */
	KM_REASON_UNKNOWN_POLICY = 16,
	KM_REASON_ENDPOINT_MISSING = 17,	/* the picked slot of km_endpoint is empty */
	KM_REASON_BACKEND_MISSING = 18,		/* the picked endpoint names no backend */
	KM_REASON_PORT_NOT_LISTED = 19,
	KM_REASON_NO_USABLE_ENDPOINT = 20,	/* every endpoint that was tried is missing or of the other family */
	KM_REASON_FAMILY_MISMATCH = 21,		/* the waypoint's address has the other family */
	KM_REASON_TAIL_CALL_LIMIT = 22,		/* waypoints lead to each other */
	KM_REASON_DNS_REPLY_RESTORED = 23,	/* the source shows as the server that was asked */
	KM_REASON_DNS_REPLY_UNTOUCHED = 24,
	/* sockops */
	KM_REASON_CONTROL_MANAGE_ADDRESS = 25,
	KM_REASON_CONTROL_RELEASE_ADDRESS = 26,
	KM_REASON_ACTIVE_ESTABLISHED = 27,
	KM_REASON_PASSIVE_ESTABLISHED = 28,
	KM_REASON_NODE_PROBE = 29,		/* the peer is this node or the pod gateway */
	KM_REASON_CLOSED = 30,
	/* sk_msg */
	KM_REASON_TLV_PUSHED = 31,
	KM_REASON_TLV_NOT_NEEDED = 32,		/* not a waypoint's socket, or its TLV is already sent */
	KM_REASON_TLV_PUSH_FAILED = 33,
	/* cgroup_skb */
	KM_REASON_PERIODIC_REPORT = 34,
	KM_REASON_REPORT_NOT_DUE = 35,
	KM_REASON_PASSTHROUGH = 36,		/* the service asks for no load balancing */
	/* xdp_ingress; KM_REASON_NOT_TCP and KM_REASON_NODE_PROBE too */
	KM_REASON_NOT_IP = 37,
	KM_REASON_NOT_JUDGED = 38,		/* the destination is no address that is judged */
	KM_REASON_NO_POLICY = 39,		/* no policy applies to the destination */
	KM_REASON_REPLY = 40,			/* of a flow that the pod opened */
	KM_REASON_ALLOWED_BEFORE = 41,		/* by the cached verdict */
	KM_REASON_DENIED_BEFORE = 42,
	KM_REASON_ALLOWED_BY_POLICY = 43,
	KM_REASON_ALLOWED_BY_DEFAULT = 44,	/* no DENY policy matches, no ALLOW policy applies */
	KM_REASON_DENIED_BY_POLICY = 45,
	KM_REASON_DENIED_BY_DEFAULT = 46,	/* ALLOW policies apply and none matches */
	KM_REASON_MALFORMED_PASSED = 47,	/* cannot be parsed, and no policy applies */
	KM_REASON_MALFORMED_DROPPED = 48,	/* cannot be parsed, and policies apply or may */
	KM_REASON_FRAGMENT_ALLOWED = 49,	/* a later fragment, whose first was let in */
	KM_REASON_FRAGMENT_DROPPED = 50,	/* a later fragment, whose first was not */
	KM_REASON_POLICIES_MISSING = 51,	/* the destination's policies could not be compiled */
	KM_REASON_RESET = 52,			/* user space denied the connection: the packet becomes a reset */
	KM_REASON_NO_DENIAL = 53,		/* user space has not denied the connection */
	/* counted beside the reason of the packet */
	KM_REASON_DRY_RUN_DENIES = 54,		/* allowed, but not if dry runs were enforced */
	KM_REASON_DRY_RUN_ALLOWS = 55,		/* denied, but not if dry runs were enforced */
	KM_REASON_DENIAL_UNREPORTED = 56,	/* too many in a second, or nobody reads them */
	/* counted beside the reason, sockops */
	KM_REASON_FLOW_UNRECORDED = 57,		/* there was no room for a flow that the pod opens */
	KM_REASON_VERDICT_UNASKED = 58,		/* there was no room to ask user space for a verdict */
	/* tc_pod; KM_REASON_NOT_IP too */
	KM_REASON_MARKED_FOR_PEER = 59,		/* to a peer's pods: marked for encryption */
	KM_REASON_NOT_FOR_PEER = 60,
	/* tc_uplink; KM_REASON_NOT_IP too */
	KM_REASON_DECRYPTED = 61,		/* by its mark */
	KM_REASON_ESP_FROM_PEER = 62,		/* it has that peer's mark now */
	KM_REASON_ESP_UNMARKED = 63,		/* ESP that no mark is given to: of no peer, or peers have no marks */
	KM_REASON_IN_CLEAR = 64,		/* and let in */
	KM_REASON_STRAY_MARK_CLEARED = 65,	/* in clear, with a mark that it is not to have */
	KM_REASON_CLEAR_FROM_PEER = 66,		/* in clear from a peer's pods: dropped */
	/* both */
	KM_REASON_UNREADABLE_PASSED = 67,	/* addresses or headers cannot be read */
	KM_REASON_UNREADABLE_DROPPED = 68,	/* likewise: it may be from a peer's pods, or to them */
	KM_REASON_COUNT
};

#endif
