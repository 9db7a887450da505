/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cgroup/connect6: an IPv6 socket connects. A mapped address is looked up as IPv4, and what it is rewritten to is
 * mapped again; port 53 is not treated specially.
 */
#ifndef KM_CONNECT6_H
#define KM_CONNECT6_H

#include "connect.h"

enum { KM_TAIL_CONNECT6 = 1 };	/* slot of km_cgr_tail6 */

static __always_inline void km_read_call6(struct bpf_sock_addr *ctx, struct km_call *call)
{
	call->addr.word[0] = ctx->user_ip6[0];
	call->addr.word[1] = ctx->user_ip6[1];
	call->addr.word[2] = ctx->user_ip6[2];
	call->addr.word[3] = ctx->user_ip6[3];
	call->port = ctx->user_port;
	call->is_ipv6 = 1;
	call->is_mapped = km_addr_is_mapped(&call->addr);
}

static __always_inline int km_end_connect6(struct bpf_sock_addr *ctx, __u32 reason, const struct km_call *call,
					   enum km_verdict verdict)
{
	return km_end_call(ctx, KM_HOOK_CONNECT6, reason, call, verdict);
}

/* One pass of the chain; a waypoint starts the next. */
static __always_inline int km_pass6(struct bpf_sock_addr *ctx)
{
	__u64 cookie = bpf_get_netns_cookie(ctx);
	struct km_answer answer = {};
	struct km_call call = {};
	enum km_result result;
	__u32 reason;

	km_read_call6(ctx, &call);
	reason = km_control_namespace(&call.addr, call.port, 1, cookie);
	if (reason)
		return km_end_connect6(ctx, reason, &call, KM_PROCEED);
	if (!km_cookie_is_managed(cookie))
		return km_end_connect6(ctx, KM_REASON_NOT_MANAGED, &call, KM_PROCEED);
	if (!km_is_tcp(ctx))
		return km_end_connect6(ctx, KM_REASON_NOT_TCP, &call, KM_PROCEED);

	result = km_connect_tcp(ctx, &call, &answer);
	if (result == KM_REWRITE || result == KM_WAYPOINT) {
		if (call.is_mapped)
			km_addr_map(&answer.addr);
		ctx->user_ip6[0] = answer.addr.word[0];
		ctx->user_ip6[1] = answer.addr.word[1];
		ctx->user_ip6[2] = answer.addr.word[2];
		ctx->user_ip6[3] = answer.addr.word[3];
		ctx->user_port = answer.port;
	}
	km_end_connect6(ctx, answer.reason, &call, result == KM_REFUSE ? KM_FAIL : KM_PROCEED);
	if (result != KM_WAYPOINT || !km_options.has_tail_calls)
		return result == KM_REFUSE ? KM_FAIL : KM_PROCEED;
	bpf_tail_call(ctx, &km_cgr_tail6, KM_TAIL_CONNECT6);
	/* No tail call is left. */
	km_read_call6(ctx, &call);
	return km_end_connect6(ctx, KM_REASON_TAIL_CALL_LIMIT, &call, KM_PROCEED);
}

SEC("cgroup/connect6")
int km_connect6(struct bpf_sock_addr *ctx)
{
	if (km_options.each_connect_remembers)
		bpf_sk_storage_delete(&km_sockstorage, ctx->sk);
	return km_pass6(ctx);
}

/* The chain again, from a waypoint's address: what the connect remembers stays. */
SEC("cgroup/connect6")
int km_connect6_wp(struct bpf_sock_addr *ctx)
{
	return km_pass6(ctx);
}

#endif
