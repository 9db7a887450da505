/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What connect4 and connect6 share: steps 1 to 10 of the connect chain, and how a program ends. */
#ifndef KM_CONNECT_H
#define KM_CONNECT_H

#include "base.h"
#include "event.h"
#include "gate.h"
#include "maps.h"
#include "options.h"
#include "service.h"
#include "storage.h"

/* Where a program wants to connect to. addr as the program gave it, also mapped. */
struct km_call {
	struct km_addr addr;
	__be16 port;
	bool is_ipv6;		/* the socket's family */
	bool is_mapped;
};

static __always_inline bool km_is_tcp(const struct bpf_sock_addr *ctx)
{
	return ctx->protocol == IPPROTO_TCP;
}

/* Tells who listens of an exit. The destination after it is what stands in the context by then. */
static __always_inline void km_tell_call(struct bpf_sock_addr *ctx, enum km_hook hook, __u32 reason,
					 const struct km_call *call)
{
	struct km_event *event;

	if (!km_is_heard())
		return;
	event = km_event_begin(hook, reason);
	if (!event)
		return;
	event->netns_cookie = bpf_get_netns_cookie(ctx);
	event->socket_cookie = bpf_get_socket_cookie(ctx);
	event->is_ipv6 = call->is_ipv6;
	event->before = call->addr;
	event->before_port = bpf_ntohs(call->port);
	if (call->is_ipv6) {
		event->after.word[0] = ctx->user_ip6[0];
		event->after.word[1] = ctx->user_ip6[1];
		event->after.word[2] = ctx->user_ip6[2];
		event->after.word[3] = ctx->user_ip6[3];
	} else {
		event->after.word[0] = ctx->user_ip4;
	}
	event->after_port = bpf_ntohs(ctx->user_port);
	bpf_ringbuf_submit(event, 0);
}

static __always_inline int km_end_call(struct bpf_sock_addr *ctx, enum km_hook hook, __u32 reason,
				       const struct km_call *call, enum km_verdict verdict)
{
	km_count(hook, reason);
	km_tell_call(ctx, hook, reason, call);
	if (verdict == KM_FAIL)
		bpf_set_retval(-KM_ECONNREFUSED);
	return verdict;
}

/* The first destination that is remembered stays: of all connects, or since this connect began. */
static __always_inline void km_remember(struct km_sockstorage_value *storage, const struct km_call *call)
{
	if (!storage || storage->has_set_ip)
		return;
	if (call->is_ipv6)
		km_set_original6(storage, &call->addr, call->port);
	else
		km_set_original4(storage, call->addr.word[0], call->port);
}

/* Steps 5 to 10 but for the rewriting, which is the family's own. */
static __always_inline enum km_result km_connect_tcp(struct bpf_sock_addr *ctx, const struct km_call *call,
						     struct km_answer *answer)
{
	struct km_sockstorage_value *storage = km_storage_create(ctx->sk);
	struct km_addr looked_up = call->addr;
	enum km_result result;

	if (storage)
		storage->connect_ns = bpf_ktime_get_ns();
	if (call->is_mapped)
		km_addr_unmap(&looked_up);
	result = km_resolve(&looked_up, call->port, !call->is_ipv6 || call->is_mapped, answer);
	if (result == KM_LEAVE || result == KM_REFUSE)
		return result;
	km_remember(storage, call);
	if (result == KM_WAYPOINT && storage)
		storage->via_waypoint = 1;
	return result;
}

#endif
