/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tc: packets that reach a node by its uplink. Those that XFRM decrypted come by here once more, with the mark of the
 * state. Other marks mean nothing here, and in clear nothing comes from a peer's pods.
 */
#ifndef KM_TC_UPLINK_H
#define KM_TC_UPLINK_H

#include "base.h"
#include "event.h"
#include "interface_packet.h"

/* The mark of ESP from a peer's address; NULL for an address that is no peer's. */
static __always_inline const __u32 *km_mark_of_peer(const struct km_interface_packet *packet)
{
	struct km_addr addr = packet->source;

	if (!packet->is_ipv6)
		addr = (struct km_addr){ .word = { 0, 0, bpf_htonl(0xffff), packet->source.word[0] } };
	return bpf_map_lookup_elem(&km_peer, &addr);
}

/*
 * ESP between nodes has addresses of nodes. A pod's own ESP has not: from a peer's pod it is in clear as anything else,
 * because what that node sends for its pods comes in ESP of the node.
 */
static __always_inline __u32 km_mark_esp(struct __sk_buff *ctx, const struct km_interface_packet *packet)
{
	const __u32 *mark = km_options.tc_marks_esp ? km_mark_of_peer(packet) : 0;

	if (mark) {
		ctx->mark = *mark;
		return KM_REASON_ESP_FROM_PEER;
	}
	if (km_options.tc_drops_clear && km_is_of_peer(&packet->source, packet->is_ipv6))
		return KM_REASON_CLEAR_FROM_PEER;
	/* Lest a mark that it came with finds a peer's state. */
	if (km_options.tc_marks_esp)
		ctx->mark = 0;
	return KM_REASON_ESP_UNMARKED;
}

static __always_inline __u32 km_mark_at_uplink(struct __sk_buff *ctx)
{
	struct km_interface_packet packet = {};

	if (ctx->mark == KM_MARK_DECRYPTED)
		return KM_REASON_DECRYPTED;
	switch (km_read_frame(ctx, &packet, 1)) {
	case KM_INTERFACE_NOT_IP:
		return KM_REASON_NOT_IP;
	case KM_INTERFACE_UNREADABLE:
		return km_reason_of_unreadable();
	default:
		break;
	}
	if (packet.is_esp)
		return km_mark_esp(ctx, &packet);
	if (km_options.tc_drops_clear && km_is_of_peer(&packet.source, packet.is_ipv6))
		return KM_REASON_CLEAR_FROM_PEER;
	if (!ctx->mark)
		return KM_REASON_IN_CLEAR;
	ctx->mark = 0;
	return KM_REASON_STRAY_MARK_CLEARED;
}

SEC("tc")
int km_tc_uplink(struct __sk_buff *ctx)
{
	__u32 reason = km_mark_at_uplink(ctx);

	km_count(KM_HOOK_TC_UPLINK, reason);
	return km_interface_verdict(reason);
}

#endif
