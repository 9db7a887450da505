/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tc: packets that leave a pod, at the node's end of the veth. What goes to a peer's pods is marked for encryption. */
#ifndef KM_TC_POD_H
#define KM_TC_POD_H

#include "base.h"
#include "event.h"
#include "interface_packet.h"

static __always_inline __u32 km_mark_from_pod(struct __sk_buff *ctx)
{
	struct km_interface_packet packet = {};

	switch (km_read_frame(ctx, &packet, 0)) {
	case KM_INTERFACE_NOT_IP:
		return KM_REASON_NOT_IP;
	case KM_INTERFACE_UNREADABLE:
		return km_reason_of_unreadable();
	default:
		break;
	}
	if (!km_is_of_peer(&packet.destination, packet.is_ipv6))
		return KM_REASON_NOT_FOR_PEER;
	ctx->mark = KM_MARK_ENCRYPT;
	return KM_REASON_MARKED_FOR_PEER;
}

SEC("tc")
int km_tc_pod(struct __sk_buff *ctx)
{
	__u32 reason = km_mark_from_pod(ctx);

	km_count(KM_HOOK_TC_POD, reason);
	return km_interface_verdict(reason);
}

#endif
