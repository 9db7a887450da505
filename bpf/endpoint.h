/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Picks an endpoint of a service by its policy. */
#ifndef KM_ENDPOINT_H
#define KM_ENDPOINT_H

#include "address.h"
#include "base.h"
#include "draw.h"
#include "maps.h"
#include "options.h"

/* Where a lookup ends. The reason tells what addr and port are: a backend's, a waypoint's, or nothing. */
struct km_answer {
	__u32 reason;		/* enum km_reason */
	__u32 port;		/* network order in the low half */
	struct km_addr addr;
};

/* Whether an address can be used by IPv4 programs and mapped sockets (is_v4), or by IPv6 ones. */
static __always_inline bool km_is_usable(const struct km_addr *addr, bool is_v4)
{
	return !km_options.other_family_skipped || km_addr_is_v4(addr) == is_v4;
}

static __always_inline bool km_backend_has_waypoint(const struct km_backend_value *backend)
{
	return backend->waypoint_port && (!km_options.waypoint_needs_address || !km_addr_is_zero(&backend->wp_addr));
}

/*
 * The endpoint at an index from 0. The reason is KM_REASON_LOAD_BALANCED (addr is the backend's, the port is still
 * to be found), KM_REASON_BACKEND_WAYPOINT, or why it cannot be used.
 */
static __always_inline void km_candidate(__u32 service_id, __u32 priority, __u32 index, bool is_v4,
					 struct km_answer *answer)
{
	struct km_endpoint_key key = { .service_id = service_id, .prio = priority, .backend_index = index + 1 };
	const struct km_endpoint_value *endpoint = bpf_map_lookup_elem(&km_endpoint, &key);
	const struct km_backend_alt_value *alternative;
	const struct km_backend_value *backend;
	struct km_backend_key uid;

	answer->reason = KM_REASON_ENDPOINT_MISSING;
	if (!endpoint)
		return;
	uid.backend_uid = endpoint->backend_uid;
	backend = bpf_map_lookup_elem(&km_backend, &uid);
	answer->reason = KM_REASON_BACKEND_MISSING;
	if (!backend)
		return;
	answer->reason = KM_REASON_FAMILY_MISMATCH;
	if (km_backend_has_waypoint(backend)) {
		if (!km_is_usable(&backend->wp_addr, is_v4))
			return;
		answer->addr = backend->wp_addr;
		answer->port = backend->waypoint_port;
		answer->reason = KM_REASON_BACKEND_WAYPOINT;
		return;
	}
	if (km_is_usable(&backend->addr, is_v4)) {
		answer->addr = backend->addr;
		answer->reason = KM_REASON_LOAD_BALANCED;
		return;
	}
	if (!km_options.extras_kept)
		return;
	alternative = bpf_map_lookup_elem(&km_backend_alt, &uid);
	if (!alternative || !km_is_usable(&alternative->addr, is_v4))
		return;
	answer->addr = alternative->addr;
	answer->reason = KM_REASON_LOAD_BALANCED;
}

static __always_inline bool km_is_success(__u32 reason)
{
	return reason == KM_REASON_LOAD_BALANCED || reason == KM_REASON_BACKEND_WAYPOINT;
}

/* Whether the next endpoint is tried: after a missing one where that is wanted, after one of the other family always. */
static __always_inline bool km_is_stepped_over(__u32 reason)
{
	return !km_is_success(reason) &&
	       (km_options.missing_entry_tries_next || reason == KM_REASON_FAMILY_MISMATCH);
}

/* The endpoint of one priority that the draw gives, or where missing ones are stepped over, the next usable one. */
static __always_inline void km_pick_in_priority(__u32 service_id, __u32 priority, __u32 count, __u32 draw, bool is_v4,
						struct km_answer *answer)
{
	__u32 index = draw % count;
	__u32 try;

	for (try = 0; try < KM_ENDPOINT_TRY_COUNT; try++) {
		km_candidate(service_id, priority, index, is_v4, answer);
		if (!km_is_stepped_over(answer->reason))
			return;
		if (try + 1 >= count)
			break;
		index = index + 1 == count ? 0 : index + 1;
	}
	answer->reason = km_options.missing_entry_tries_next ? KM_REASON_NO_USABLE_ENDPOINT : KM_REASON_FAMILY_MISMATCH;
}

/* Picks by the service's policy. Reasons as of km_candidate, and those of services without a usable endpoint. */
static __always_inline void km_pick(__u32 service_id, const struct km_service_value *service, bool is_v4,
				    struct km_answer *answer)
{
	__u32 policy = service->lb_policy;
	__u32 draw = 0;
	bool is_drawn = 0;
	__u32 priority;
	__u32 count;

	if (policy == KM_LB_RANDOM || policy == KM_LB_STRICT) {
		count = service->prio_endpoint_count[0];
		answer->reason = policy == KM_LB_RANDOM ? KM_REASON_RANDOM_EMPTY : KM_REASON_NO_ENDPOINT;
		if (count)
			km_pick_in_priority(service_id, 0, count, km_draw(), is_v4, answer);
		return;
	}
	if (policy != KM_LB_FAILOVER) {
		answer->reason = policy == KM_LB_PASSTHROUGH ? KM_REASON_PASSTHROUGH : KM_REASON_UNKNOWN_POLICY;
		return;
	}
	answer->reason = KM_REASON_NO_ENDPOINT;
	for (priority = 0; priority < KM_PRIORITY_COUNT; priority++) {
		count = service->prio_endpoint_count[priority];
		if (!count)
			continue;
		if (!is_drawn)
			draw = km_draw();
		is_drawn = 1;
		km_pick_in_priority(service_id, priority, count, draw, is_v4, answer);
		if (!km_is_stepped_over(answer->reason))
			return;
	}
}

#endif
