/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Picks an endpoint of a service by its policy. */
#ifndef KM_ENDPOINT_H
#define KM_ENDPOINT_H

#include "address.h"
#include "base.h"
#include "draw.h"
#include "maps.h"
#include "options.h"
#include "read.h"

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
	const struct km_endpoint_value *endpoint = km_find(&km_endpoint, &key);
	const struct km_backend_alt_value *alternative;
	const struct km_backend_value *backend;
	struct km_backend_key uid;

	answer->reason = KM_REASON_ENDPOINT_MISSING;
	if (!endpoint)
		return;
	uid.backend_uid = endpoint->backend_uid;
	backend = km_find(&km_backend, &uid);
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

/* Where a search for a usable endpoint stands, after the drawn one was stepped over. */
struct km_search {
	struct km_answer answer;
	__u32 count[KM_PRIORITY_COUNT + 1];	/* by priority; the last is 0 */
	__u32 service_id;
	__u32 draw;
	__u32 priority;
	__u32 try;				/* in this priority, from 0 */
	__u32 is_failover;			/* the next priorities follow; a word, for the verifier */
	__u32 is_v4;
};

enum { KM_SEARCH_STEPS = KM_PRIORITY_COUNT * (KM_ENDPOINT_TRY_COUNT + 1) };

/* Tries one more endpoint, or goes to the next priority. Returns 1 at the end. */
static long km_search_step(__u32 step, struct km_search *search)
{
	__u32 priority = search->priority;
	__u32 count;

	if (priority >= KM_PRIORITY_COUNT)
		return 1;
	count = search->count[priority];
	if (search->try >= count || search->try >= KM_ENDPOINT_TRY_COUNT) {
		search->priority = priority + 1;
		search->try = 0;
		return search->is_failover ? 0 : 1;
	}
	km_candidate(search->service_id, priority, ((__u64)(search->draw % count) + search->try) % count,
		     search->is_v4, &search->answer);
	search->try++;
	return !km_is_stepped_over(search->answer.reason);
}

/*
 * Goes on after the drawn endpoint of a priority was stepped over: the next ones, wrapping, then under failover those
 * of the next priorities. A function that is not static, and a loop by the kernel's helper, because then the verifier
 * walks through this once, and not once for each step and each way that leads here.
 */
__noinline int km_search_on(struct km_search *search)
{
	struct km_search own;

	if (!search)
		return 0;
	/* The helper takes what is on this function's stack only. */
	own = *search;
	bpf_loop(KM_SEARCH_STEPS, km_search_step, &own, 0);
	*search = own;
	return 0;
}

/* The same for a service whose drawn endpoint, at a priority, was stepped over. */
static __always_inline void km_search(__u32 service_id, const struct km_service_value *service, __u32 priority,
				      __u32 draw, bool is_v4, struct km_answer *answer)
{
	struct km_search search = {
		.answer = *answer,
		.service_id = service_id,
		.draw = draw,
		.priority = priority,
		.try = 1,
		.is_failover = service->lb_policy == KM_LB_FAILOVER,
		.is_v4 = is_v4,
	};

	__builtin_memcpy(search.count, service->prio_endpoint_count, sizeof(service->prio_endpoint_count));
	km_search_on(&search);
	*answer = search.answer;
	if (km_is_stepped_over(answer->reason))
		answer->reason = km_options.missing_entry_tries_next ? KM_REASON_NO_USABLE_ENDPOINT :
								      KM_REASON_FAMILY_MISMATCH;
}

/* The first priority that has endpoints, KM_PRIORITY_COUNT when none has. */
static __always_inline __u32 km_first_priority(const struct km_service_value *service)
{
	__u32 priority;

	for (priority = 0; priority < KM_PRIORITY_COUNT; priority++)
		if (service->prio_endpoint_count[priority])
			return priority;
	return KM_PRIORITY_COUNT;
}

/* Picks by the service's policy. Reasons as of km_candidate, and those of services without a usable endpoint. */
static __always_inline void km_pick(__u32 service_id, const struct km_service_value *service, bool is_v4,
				    struct km_answer *answer)
{
	__u32 priority = 0;
	__u32 count;
	__u32 draw;

	switch (service->lb_policy) {
	case KM_LB_RANDOM:
		answer->reason = KM_REASON_RANDOM_EMPTY;
		break;
	case KM_LB_STRICT:
		answer->reason = KM_REASON_NO_ENDPOINT;
		break;
	case KM_LB_FAILOVER:
		answer->reason = KM_REASON_NO_ENDPOINT;
		priority = km_first_priority(service);
		if (priority >= KM_PRIORITY_COUNT)
			return;
		break;
	case KM_LB_PASSTHROUGH:
		answer->reason = KM_REASON_PASSTHROUGH;
		return;
	default:
		answer->reason = KM_REASON_UNKNOWN_POLICY;
		return;
	}
	count = service->prio_endpoint_count[priority];
	if (!count)
		return;
	draw = km_draw();
	km_candidate(service_id, priority, draw % count, is_v4, answer);
	if (km_is_stepped_over(answer->reason))
		km_search(service_id, service, priority, draw, is_v4, answer);
}

#endif
