/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lookup chain: frontend → service → endpoint → backend, steps 6 to 9 of a connect. */
#ifndef KM_SERVICE_H
#define KM_SERVICE_H

#include "address.h"
#include "base.h"
#include "endpoint.h"
#include "maps.h"
#include "options.h"
#include "read.h"

/* What becomes of the destination. */
enum km_result {
	KM_LEAVE,	/* it stays; nothing is remembered */
	KM_STAY,	/* it stays, as a success: it is remembered as the original one */
	KM_REWRITE,	/* answer.addr and answer.port replace it */
	KM_WAYPOINT,	/* the same, and the lookup starts again there */
	KM_REFUSE,
};

static __always_inline bool km_service_has_waypoint(const struct km_service_value *service)
{
	if (!service->waypoint_port)
		return 0;
	return km_options.waypoint_needs_address ? !km_addr_is_zero(&service->wp_addr) : service->wp_addr.word[0];
}

static __always_inline enum km_result km_to_waypoint(const struct km_addr *addr, __u32 port, bool is_v4, __u32 reason,
						     struct km_answer *answer)
{
	if (!km_is_usable(addr, is_v4)) {
		answer->reason = KM_REASON_FAMILY_MISMATCH;
		return km_options.no_endpoint_refuses ? KM_REFUSE : KM_LEAVE;
	}
	answer->reason = reason;
	answer->addr = *addr;
	answer->port = port;
	return KM_WAYPOINT;
}

/* The frontend names no service: a workload, or nothing. */
static __always_inline enum km_result km_resolve_workload(__u32 uid, bool is_v4, struct km_answer *answer)
{
	struct km_backend_key key = { .backend_uid = uid };
	const struct km_backend_value *backend = bpf_map_lookup_elem(&km_backend, &key);

	if (!backend) {
		answer->reason = KM_REASON_FRONTEND_DANGLING;
		return KM_LEAVE;
	}
	if (!km_backend_has_waypoint(backend)) {
		answer->reason = KM_REASON_WORKLOAD_DIRECT;
		return KM_STAY;
	}
	return km_to_waypoint(&backend->wp_addr, backend->waypoint_port, is_v4, KM_REASON_WORKLOAD_WAYPOINT, answer);
}

/*
 * The first listed port that is the caller's gives the target; ports beyond ten are in a map of our own. To upstream
 * a free place of the list is port 0. Returns false when the port is not listed.
 */
static __always_inline bool km_target_port(__u32 service_id, const struct km_service_value *service, __u32 port,
					   struct km_answer *answer)
{
	struct km_service_port_key key = { .service_id = service_id, .service_port = port };
	const struct km_service_port_value *extra;
	__u32 i;

	if (port || !km_options.unlisted_port_refuses) {
		for (i = 0; i < KM_SERVICE_PORT_COUNT; i++) {
			if (service->service_port[i] != port)
				continue;
			answer->port = service->target_port[i];
			return 1;
		}
	}
	if (!km_options.extras_kept)
		return 0;
	extra = bpf_map_lookup_elem(&km_service_port, &key);
	if (!extra)
		return 0;
	answer->port = extra->target_port;
	return 1;
}

static __always_inline enum km_result km_balance(__u32 service_id, const struct km_service_value *service, __u32 port,
						 bool is_v4, struct km_answer *answer)
{
	km_pick(service_id, service, is_v4, answer);
	switch (answer->reason) {
	case KM_REASON_LOAD_BALANCED:
		if (km_target_port(service_id, service, port, answer))
			return KM_REWRITE;
		answer->reason = KM_REASON_PORT_NOT_LISTED;
		return km_options.unlisted_port_refuses ? KM_REFUSE : KM_LEAVE;
	case KM_REASON_BACKEND_WAYPOINT:
		return KM_WAYPOINT;
	case KM_REASON_PASSTHROUGH:
		return KM_LEAVE;
	default:
		if (km_options.no_endpoint_refuses)
			return KM_REFUSE;
		return answer->reason == KM_REASON_RANDOM_EMPTY ? KM_STAY : KM_LEAVE;
	}
}

/* Follows the chain from an address that is not mapped. port: network order in the low half. */
static __always_inline enum km_result km_resolve(const struct km_addr *addr, __u32 port, bool is_v4,
						 struct km_answer *answer)
{
	struct km_frontend_key frontend_key = { .addr = *addr };
	const struct km_frontend_value *frontend = km_find(&km_frontend, &frontend_key);
	struct km_service_value service;
	struct km_service_key service_key;

	if (!frontend) {
		answer->reason = KM_REASON_NO_FRONTEND;
		return KM_LEAVE;
	}
	service_key.service_id = frontend->upstream_id;
	/* Held until an endpoint is found, which may take many lookups. */
	if (!km_read(&km_service, &service_key, &service, sizeof(service) / sizeof(__u32)))
		return km_resolve_workload(service_key.service_id, is_v4, answer);
	if (km_service_has_waypoint(&service))
		return km_to_waypoint(&service.wp_addr, service.waypoint_port, is_v4, KM_REASON_SERVICE_WAYPOINT,
				      answer);
	return km_balance(service_key.service_id, &service, port, is_v4, answer);
}

#endif
