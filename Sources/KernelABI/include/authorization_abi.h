/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps and records of authorization: upstream's, and what policies are compiled to. Part of kernel_abi.h. */
#ifndef AUTHORIZATION_ABI_H
#define AUTHORIZATION_ABI_H

#include "abi_types.h"

#define KM_POLICY_COUNT 4		/* policies of a workload in its map value */
#define KM_ROW_WORD_COUNT 8		/* words of 64 alternatives in one km_authz_row */
#define KM_ROW_LIMIT 32			/* rows of one view side by side: 16,384 alternatives */
#define KM_RANGE_LIMIT 65536		/* ranges of one axis; a search takes 16 steps */
#define KM_VLAN_TAG_LIMIT 2		/* VLAN tags walked over: 802.1Q and QinQ */
#define KM_BUCKET_SIZE 4			/* addresses of one bucket of km_authz_dst */
#define KM_RECENT_BITS 12
#define KM_RECENT_COUNT (1 << KM_RECENT_BITS)	/* flows that each processor has at hand */
#define KM_CHECK_IPV6 0x36767069		/* xor'ed into the check of an IPv6 address */
#define KM_EXTENSION_LIMIT 8		/* IPv6 extension headers walked over */

/* km_auth_req, ring buffer: a verdict is wanted for this tuple (client to server). */
struct km_auth_request {
	__u32 type;		/* 0 = IPv4, 1 = IPv6 */
	struct km_tuple tuple;
};
KM_ASSERT_SIZE(km_auth_request, 40);
KM_ASSERT_OFFSET(km_auth_request, type, 0);
KM_ASSERT_OFFSET(km_auth_request, tuple, 4);

/* km_auth_res, hash, keyed by km_tuple with ports in host order. */
struct km_auth_result {
	__u32 denied;		/* 0 = cached allow, 1 = deny */
};
KM_ASSERT_SIZE(km_auth_result, 4);
KM_ASSERT_OFFSET(km_auth_result, denied, 0);

/* km_wlpolicy, hash, keyed by backend uid. Unused slots are 0. */
struct km_wlpolicy_value {
	__u32 policy_id[KM_POLICY_COUNT];
};
KM_ASSERT_SIZE(km_wlpolicy_value, 16);
KM_ASSERT_OFFSET(km_wlpolicy_value, policy_id, 0);

/*
 * Authorization, compiled: ours.
 *
 * Each address that is judged has a slot, each slot names a view, and a view is what the policies of one workload come
 * to. Rules are split into alternatives, each a product of three sets: identities, source addresses, ports of the pod.
 * An alternative is one bit; where the bits of the three rows that a connection's identity, address and port lead to
 * are all set, it matches. Bits stand in four sections, each of whole words: DENY, ALLOW, then the same of dry runs.
 * What a view leads to never changes while a slot names the view.
 */

/* km_identity, hash, keyed by address: who a source address is. */
struct km_identity_value {
	__u32 identity;		/* from 1; 0 is nobody */
	__u32 check;		/* the address's words, xor'ed: of whom the value is, should the kernel reuse its memory,
				 * and of which family, should an IPv6 address have the map form of an IPv4 one */
};
KM_ASSERT_SIZE(km_identity_value, 8);
KM_ASSERT_OFFSET(km_identity_value, identity, 0);
KM_ASSERT_OFFSET(km_identity_value, check, 4);

/*
 * km_authz_dst, array of a power of two buckets: the addresses that are judged, and those that share a bucket. Every
 * packet is looked up here, and this takes a third of the time of a hash map. An entry is made and deleted, never
 * replaced.
 */
struct km_authz_dst {
	struct km_addr addr;
	__u32 slot_number;	/* the slot's index + 1; 0 in an empty entry */
	__u32 check;		/* as in km_identity_value; another while the entry is written */
};
KM_ASSERT_SIZE(km_authz_dst, 24);
KM_ASSERT_OFFSET(km_authz_dst, addr, 0);
KM_ASSERT_OFFSET(km_authz_dst, slot_number, 16);
KM_ASSERT_OFFSET(km_authz_dst, check, 20);

struct km_authz_bucket {
	struct km_authz_dst dst[KM_BUCKET_SIZE];
};
KM_ASSERT_SIZE(km_authz_bucket, 24 * KM_BUCKET_SIZE);
KM_ASSERT_OFFSET(km_authz_bucket, dst, 0);

/* The bucket of an address; `mask` is the number of buckets less 1. Neighbours differ in the last byte on the wire. */
static inline __u32 km_authz_bucket_index(const struct km_addr *addr, __u32 mask)
{
	__u32 hash = __builtin_bswap32(addr->word[0]) ^ addr->word[1] * 0x7feb352d ^ addr->word[2] * 0x27d4eb2f ^
		     __builtin_bswap32(addr->word[3]) * 0x165667b1;

	return (hash * 0x9e3779b1 >> 15) & mask;
}

/* km_authz_slot, array. All 8 bytes are written at once. */
struct km_authz_slot {
	__u32 view;
	__u32 backend_uid;	/* whose address it is, for events */
};
KM_ASSERT_SIZE(km_authz_slot, 8);
KM_ASSERT_OFFSET(km_authz_slot, view, 0);
KM_ASSERT_OFFSET(km_authz_slot, backend_uid, 4);

enum km_view_state {
	KM_VIEW_CLOSED = 0,	/* policies that could not be compiled: everything is denied. View 0 is always so. */
	KM_VIEW_OPEN = 1,	/* no policy applies */
	KM_VIEW_JUDGED = 2,
};

/* The ranges of one axis of a view: `count` entries from `first`; never empty, the first begins at 0. */
struct km_authz_axis {
	__u32 first;
	__u32 count;
};
KM_ASSERT_SIZE(km_authz_axis, 8);
KM_ASSERT_OFFSET(km_authz_axis, first, 0);
KM_ASSERT_OFFSET(km_authz_axis, count, 4);

/* km_authz_view, array. */
struct km_authz_view {
	__u32 state;			/* enum km_view_state */
	__u32 first_rule;		/* km_authz_rule of bit 0 */
	struct km_authz_axis identities;	/* in km_authz_range; nobody is identity 0 */
	struct km_authz_axis sources4;	/* in km_authz_range; addresses in host order */
	struct km_authz_axis sources6;	/* in km_authz_range6 */
	struct km_authz_axis ports;	/* in km_authz_range; host order */
	__u16 deny_end;			/* words before which bits are those of DENY */
	__u16 allow_end;
	__u16 dry_deny_end;
	__u16 dry_allow_end;		/* how many words there are */
	__u8 has_allow;			/* an ALLOW policy applies */
	__u8 has_dry_allow;		/* an ALLOW policy applies as a dry run */
	__u8 pad[6];
};
KM_ASSERT_SIZE(km_authz_view, 56);
KM_ASSERT_OFFSET(km_authz_view, state, 0);
KM_ASSERT_OFFSET(km_authz_view, first_rule, 4);
KM_ASSERT_OFFSET(km_authz_view, identities, 8);
KM_ASSERT_OFFSET(km_authz_view, sources4, 16);
KM_ASSERT_OFFSET(km_authz_view, sources6, 24);
KM_ASSERT_OFFSET(km_authz_view, ports, 32);
KM_ASSERT_OFFSET(km_authz_view, deny_end, 40);
KM_ASSERT_OFFSET(km_authz_view, allow_end, 42);
KM_ASSERT_OFFSET(km_authz_view, dry_deny_end, 44);
KM_ASSERT_OFFSET(km_authz_view, dry_allow_end, 46);
KM_ASSERT_OFFSET(km_authz_view, has_allow, 48);
KM_ASSERT_OFFSET(km_authz_view, has_dry_allow, 49);

/* km_authz_range, array: from this value on (to the next entry's) the bits are those from this row on. */
struct km_authz_range {
	__u32 from;
	__u32 row;
};
KM_ASSERT_SIZE(km_authz_range, 8);
KM_ASSERT_OFFSET(km_authz_range, from, 0);
KM_ASSERT_OFFSET(km_authz_range, row, 4);

/* km_authz_range6, array: the same for IPv6 addresses, whose halves are in host order. */
struct km_authz_range6 {
	__u64 high;
	__u64 low;
	__u32 row;
	__u32 pad;
};
KM_ASSERT_SIZE(km_authz_range6, 24);
KM_ASSERT_OFFSET(km_authz_range6, high, 0);
KM_ASSERT_OFFSET(km_authz_range6, low, 8);
KM_ASSERT_OFFSET(km_authz_range6, row, 16);

/* km_authz_row, array: 512 alternatives. Those of a view with more go on in the next rows. */
struct km_authz_row {
	__u64 word[KM_ROW_WORD_COUNT];	/* bit 0 of word 0 is the first alternative */
};
KM_ASSERT_SIZE(km_authz_row, 64);
KM_ASSERT_OFFSET(km_authz_row, word, 0);

/* km_authz_rule, array: the rule that an alternative is of. */
struct km_authz_rule {
	__u32 policy_id;
	__u32 rule;		/* from 0 */
};
KM_ASSERT_SIZE(km_authz_rule, 8);
KM_ASSERT_OFFSET(km_authz_rule, policy_id, 0);
KM_ASSERT_OFFSET(km_authz_rule, rule, 4);

/* km_verdict, LRU hash, keyed by km_tuple (the packet's view, ports in host order; IPv4 is followed by zeros). */
struct km_verdict_value {
	__u32 generation;	/* km_authz_generation when the evaluation began: another is stale */
	__u32 verdict;		/* enum km_flow_verdict */
};
KM_ASSERT_SIZE(km_verdict_value, 8);
KM_ASSERT_OFFSET(km_verdict_value, generation, 0);
KM_ASSERT_OFFSET(km_verdict_value, verdict, 4);

enum km_flow_verdict {
	KM_FLOW_DENIED = 0,
	KM_FLOW_ALLOWED = 1,
	KM_FLOW_REPLY = 2,	/* packets of a flow that the pod opened */
};

/*
 * km_recent, per-CPU array: the verdicts that each processor gave last, before km_verdict is looked into. The place is the
 * hash of the tuple. Replies are not here: sockops could not take them back.
 */
struct km_recent {
	struct km_tuple tuple;
	__u32 is_ipv6;
	__u32 generation;
	__u32 verdict;		/* enum km_flow_verdict */
};
KM_ASSERT_SIZE(km_recent, 48);
KM_ASSERT_OFFSET(km_recent, tuple, 0);
KM_ASSERT_OFFSET(km_recent, is_ipv6, 36);
KM_ASSERT_OFFSET(km_recent, generation, 40);
KM_ASSERT_OFFSET(km_recent, verdict, 44);

/* km_flow, LRU hash, keyed as km_verdict: flows that pods opened, as their replies' packets have them. */
struct km_flow_value {
	__u64 opened_ns;	/* since boot */
};
KM_ASSERT_SIZE(km_flow_value, 8);
KM_ASSERT_OFFSET(km_flow_value, opened_ns, 0);

/* km_fragment, LRU hash: first fragments that were let in. The value is a km_verdict_value. */
struct km_fragment_key {
	struct km_addr source;
	struct km_addr destination;
	__u32 identification;	/* as in the packet */
	__u32 is_ipv6;
};
KM_ASSERT_SIZE(km_fragment_key, 40);
KM_ASSERT_OFFSET(km_fragment_key, source, 0);
KM_ASSERT_OFFSET(km_fragment_key, destination, 16);
KM_ASSERT_OFFSET(km_fragment_key, identification, 32);
KM_ASSERT_OFFSET(km_fragment_key, is_ipv6, 36);

/* km_denial, ring buffer: a connection that was denied, or that a dry run would have judged otherwise. */
struct km_denial {
	__u64 time_ns;		/* since boot */
	struct km_addr source;
	struct km_addr destination;
	__u16 source_port;	/* host order, as the next */
	__u16 destination_port;
	__u8 is_ipv6;
	__u8 reason;		/* enum km_reason */
	__u8 has_rule;		/* policy_id and rule are set */
	__u8 pad;
	__u32 identity;		/* of the source, 0 nobody */
	__u32 backend_uid;	/* of the destination */
	__u32 policy_id;
	__u32 rule;
};
KM_ASSERT_SIZE(km_denial, 64);
KM_ASSERT_OFFSET(km_denial, source, 8);
KM_ASSERT_OFFSET(km_denial, destination, 24);
KM_ASSERT_OFFSET(km_denial, source_port, 40);
KM_ASSERT_OFFSET(km_denial, destination_port, 42);
KM_ASSERT_OFFSET(km_denial, is_ipv6, 44);
KM_ASSERT_OFFSET(km_denial, reason, 45);
KM_ASSERT_OFFSET(km_denial, has_rule, 46);
KM_ASSERT_OFFSET(km_denial, identity, 48);
KM_ASSERT_OFFSET(km_denial, backend_uid, 52);
KM_ASSERT_OFFSET(km_denial, policy_id, 56);
KM_ASSERT_OFFSET(km_denial, rule, 60);

#endif
