/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* xdp: packets that come to a pod, at its end of the veth. TCP is let in as the policies of the destination say. */
#ifndef KM_XDP_INGRESS_H
#define KM_XDP_INGRESS_H

#include "address.h"
#include "authority.h"
#include "authorize.h"
#include "base.h"
#include "denial.h"
#include "event.h"
#include "flow.h"
#include "maps.h"
#include "options.h"
#include "packet.h"
#include "probe.h"
#include "reset.h"
#include "view.h"

static __always_inline bool km_is_drop(__u32 reason)
{
	const __u64 drops = 1ULL << KM_REASON_DENIED_BEFORE | 1ULL << KM_REASON_DENIED_BY_POLICY |
			    1ULL << KM_REASON_DENIED_BY_DEFAULT | 1ULL << KM_REASON_MALFORMED_DROPPED |
			    1ULL << KM_REASON_FRAGMENT_DROPPED | 1ULL << KM_REASON_POLICIES_MISSING;

	return drops >> reason & 1;
}

/* What cannot be parsed is let in only where no policy applies. */
static __always_inline __u32 km_decide_malformed(const struct km_packet *packet, struct km_authz_slot *slot)
{
	struct km_addr destination;

	km_packet_destination(packet, &destination);
	switch (km_find_view(&destination, packet->is_ipv6, slot)) {
	case KM_DESTINATION_ABSENT:
	case KM_VIEW_OPEN:
		return KM_REASON_MALFORMED_PASSED;
	default:
		return KM_REASON_MALFORMED_DROPPED;
	}
}

static __always_inline __u32 km_decide_later_fragment(const struct km_packet *packet, __u32 generation,
						      struct km_authz_slot *slot)
{
	struct km_addr destination;

	km_packet_destination(packet, &destination);
	switch (km_find_view(&destination, packet->is_ipv6, slot)) {
	case KM_DESTINATION_ABSENT:
		return KM_REASON_NOT_JUDGED;
	case KM_VIEW_OPEN:
		return KM_REASON_NO_POLICY;
	default:
		return km_is_first_let_in(packet, generation) ? KM_REASON_FRAGMENT_ALLOWED
							      : KM_REASON_FRAGMENT_DROPPED;
	}
}

/* How a packet ends by the verdict on one before; KM_REASON_NONE without one. */
static __always_inline __u32 km_reason_of(__u32 verdict)
{
	switch (verdict) {
	case KM_FLOW_DENIED:
		return KM_REASON_DENIED_BEFORE;
	case KM_FLOW_ALLOWED:
		return KM_REASON_ALLOWED_BEFORE;
	case KM_FLOW_REPLY:
		return KM_REASON_REPLY;
	default:
		return KM_REASON_NONE;
	}
}

/*
 * A packet that opens a flow is always judged. Of the others most end by what is at hand; where the destination is not
 * judged no map of flows is looked into.
 */
static __always_inline __u32 km_decide_tcp(const struct km_packet *packet, __u32 generation, struct km_denied *denied)
{
	__u32 reason = packet->is_opening ? KM_REASON_NONE : km_reason_of(km_recall_recent(packet, generation));
	struct km_addr addr;
	__u32 state;

	if (reason)
		return reason;
	km_packet_destination(packet, &addr);
	state = km_find_view(&addr, packet->is_ipv6, &denied->slot);
	if (state == KM_DESTINATION_ABSENT)
		return KM_REASON_NOT_JUDGED;
	if (state == KM_VIEW_OPEN)
		return KM_REASON_NO_POLICY;
	if (!packet->is_opening)
		reason = km_reason_of(km_recall_flow(packet, generation));
	if (reason)
		return reason;
	km_packet_source(packet, &addr);
	if (packet->is_ipv6 != km_addr_is_v4(&addr) && km_is_probe_source(&addr))
		return KM_REASON_NODE_PROBE;
	if (!packet->is_opening && km_is_reply(packet, generation))
		return KM_REASON_REPLY;
	if (state != KM_VIEW_JUDGED)
		return KM_REASON_POLICIES_MISSING;
	reason = km_evaluate(packet, denied);
	/* An opening packet is judged again when it comes again; what follows is not. */
	if (reason != KM_REASON_POLICIES_MISSING && !packet->is_opening)
		km_remember_verdict(packet, generation, km_is_drop(reason) ? KM_FLOW_DENIED : KM_FLOW_ALLOWED);
	return reason;
}

static __always_inline __u32 km_decide(struct xdp_md *ctx)
{
	/* Before anything else: a verdict by policies that change meanwhile is of this generation, and stale. */
	__u32 generation = km_authz_generation;
	struct km_denied denied = {};
	struct km_packet packet = {};
	__u32 reason;

	switch (km_parse(ctx, &packet)) {
	case KM_PACKET_NOT_IP:
		return KM_REASON_NOT_IP;
	case KM_PACKET_NOT_TCP:
		return KM_REASON_NOT_TCP;
	case KM_PACKET_UNREADABLE:
		reason = KM_REASON_MALFORMED_DROPPED;
		break;
	case KM_PACKET_MALFORMED:
		reason = km_decide_malformed(&packet, &denied.slot);
		break;
	case KM_PACKET_LATER_FRAGMENT:
		reason = km_decide_later_fragment(&packet, generation, &denied.slot);
		break;
	default:
		reason = km_decide_tcp(&packet, generation, &denied);
		if (packet.is_first_fragment && reason != KM_REASON_NOT_JUDGED && reason != KM_REASON_NO_POLICY)
			km_note_first_fragment(&packet, generation, !km_is_drop(reason));
	}
	if (km_is_drop(reason) && reason != KM_REASON_DENIED_BEFORE) {
		denied.reason = reason;
		km_tell_denial(&packet, &denied);
	}
	return reason;
}

SEC("xdp.frags")
int km_xdp_ingress(struct xdp_md *ctx)
{
	__u32 reason = km_user_space_decides() ? km_obey_user_space(ctx) : km_decide(ctx);

	km_count(KM_HOOK_XDP_INGRESS, reason);
	return km_is_drop(reason) ? XDP_DROP : XDP_PASS;
}

#endif
