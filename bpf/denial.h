/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Denials and what dry runs find, told to user space: so many in a second, the others are counted. */
#ifndef KM_DENIAL_H
#define KM_DENIAL_H

#include "base.h"
#include "event.h"
#include "maps.h"
#include "options.h"
#include "packet.h"

enum { KM_DENIAL_TRY_COUNT = 4 };

/* The second since boot in the upper half; in the lower how many were told in it. */
__u64 km_denials_told = 0;

/* Who is denied, by what. */
struct km_denied {
	__u32 identity;
	struct km_authz_slot slot;	/* of the destination */
	struct km_authz_rule rule;
	__u32 reason;
	bool has_rule;
};

/* Takes one of this second's reports. Who loses against other processors again and again takes none. */
static __always_inline bool km_may_tell(__u64 now)
{
	__u64 second = now / 1000000000;
	__u64 told, next;
	__u32 try;

	for (try = 0; try < KM_DENIAL_TRY_COUNT; try++) {
		told = *(volatile __u64 *)&km_denials_told;
		next = (told >> 32 == (second & 0xffffffff) ? told : second << 32) + 1;
		if ((next & 0xffffffff) > km_options.denials_per_second)
			return 0;
		if (__sync_val_compare_and_swap(&km_denials_told, told, next) == told)
			return 1;
	}
	return 0;
}

/* To whoever watches: the pod's end, then the other. */
static __always_inline void km_show_denial(const struct km_packet *packet, const struct km_denied *denied)
{
	struct km_event *event;

	if (!km_is_heard())
		return;
	event = km_event_begin(KM_HOOK_XDP_INGRESS, denied->reason);
	if (!event)
		return;
	event->is_ipv6 = packet->is_ipv6;
	km_packet_destination(packet, &event->before);
	km_packet_source(packet, &event->after);
	event->before_port = km_packet_destination_port(packet);
	event->after_port = packet->is_ipv6 ? packet->tuple.ipv6.sport : packet->tuple.ipv4.sport;
	bpf_ringbuf_submit(event, 0);
}

/* Not inlined: rare, and so verified by itself. */
__noinline int km_tell_denial(const struct km_packet *packet, const struct km_denied *denied)
{
	__u64 now = bpf_ktime_get_ns();
	struct km_denial *denial = 0;

	/* For the verifier. */
	if (!packet || !denied)
		return 0;
	km_show_denial(packet, denied);
	if (km_may_tell(now))
		denial = bpf_ringbuf_reserve(&km_denial, sizeof(*denial), 0);
	if (!denial) {
		km_count(KM_HOOK_XDP_INGRESS, KM_REASON_DENIAL_UNREPORTED);
		return 0;
	}
	denial->time_ns = now;
	km_packet_source(packet, &denial->source);
	km_packet_destination(packet, &denial->destination);
	denial->source_port = packet->is_ipv6 ? packet->tuple.ipv6.sport : packet->tuple.ipv4.sport;
	denial->destination_port = km_packet_destination_port(packet);
	denial->is_ipv6 = packet->is_ipv6;
	denial->reason = denied->reason;
	denial->has_rule = denied->has_rule;
	denial->pad = 0;
	denial->identity = denied->identity;
	denial->backend_uid = denied->slot.backend_uid;
	denial->policy_id = denied->has_rule ? denied->rule.policy_id : 0;
	denial->rule = denied->has_rule ? denied->rule.rule : 0;
	bpf_ringbuf_submit(denial, 0);
	return 0;
}

#endif
