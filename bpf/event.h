/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every exit of every program is counted by its reason, and sent to user space while somebody listens. */
#ifndef KM_EVENT_H
#define KM_EVENT_H

#include "base.h"
#include "maps.h"

/* Somebody listens until this time since boot; who listens moves it on, so that nobody's end has to be noticed. */
volatile __u64 km_events_until_ns = 0;

static __always_inline bool km_is_heard(void)
{
	return km_events_until_ns && bpf_ktime_get_ns() < km_events_until_ns;
}

static __always_inline void km_count(enum km_hook hook, __u32 reason)
{
	__u32 index = hook * KM_REASON_SLOTS + reason;
	__u64 *count = bpf_map_lookup_elem(&km_reason_count, &index);

	if (count)
		(*count)++;
}

/* The caller fills the rest in and submits. NULL when the buffer is full: an event is lost, never a decision. */
static __always_inline struct km_event *km_event_begin(enum km_hook hook, __u32 reason)
{
	struct km_event *event = bpf_ringbuf_reserve(&km_event, sizeof(*event), 0);

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_ns();
	event->hook = hook;
	event->reason = reason;
	return event;
}

#endif
