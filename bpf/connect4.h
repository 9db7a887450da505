/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cgroup/connect4: an IPv4 socket connects. TCP and connected UDP; port 53 goes to the DNS proxy. */
#ifndef KM_CONNECT4_H
#define KM_CONNECT4_H

#include "connect.h"

enum { KM_TAIL_CONNECT4 = 0 };	/* slot of km_cgr_tailcall */

static __always_inline int km_end_connect4(struct bpf_sock_addr *ctx, __u32 reason, const struct km_call *call,
					   enum km_verdict verdict)
{
	return km_end_call(ctx, KM_HOOK_CONNECT4, reason, call, verdict);
}

static __always_inline int km_redirect_dns4(struct bpf_sock_addr *ctx, const struct km_call *call)
{
	const struct km_backend_value *proxy = km_dns_proxy();

	if (!proxy)
		return km_end_connect4(ctx, KM_REASON_DNS_NO_PROXY, call, KM_PROCEED);
	km_remember(km_storage_create(ctx->sk), call);
	ctx->user_ip4 = proxy->addr.word[0];
	return km_end_connect4(ctx, KM_REASON_DNS_REDIRECTED, call, KM_PROCEED);
}

/* One pass of the chain; a waypoint starts the next. */
static __always_inline int km_pass4(struct bpf_sock_addr *ctx)
{
	struct km_call call = { .addr.word[0] = ctx->user_ip4, .port = ctx->user_port };
	__u64 cookie = bpf_get_netns_cookie(ctx);
	struct km_answer answer = {};
	enum km_result result;
	__u32 reason;

	reason = km_control_namespace(&call.addr, call.port, 0, cookie);
	if (reason)
		return km_end_connect4(ctx, reason, &call, KM_PROCEED);
	if (!km_cookie_is_managed(cookie))
		return km_end_connect4(ctx, KM_REASON_NOT_MANAGED, &call, KM_PROCEED);
	if (call.port == bpf_htons(KM_DNS_PORT))
		return km_redirect_dns4(ctx, &call);
	if (!km_is_tcp(ctx))
		return km_end_connect4(ctx, KM_REASON_NOT_TCP, &call, KM_PROCEED);

	result = km_connect_tcp(ctx, &call, &answer);
	if (result == KM_REWRITE || result == KM_WAYPOINT) {
		ctx->user_ip4 = answer.addr.word[0];
		ctx->user_port = answer.port;
	}
	km_end_connect4(ctx, answer.reason, &call, result == KM_REFUSE ? KM_FAIL : KM_PROCEED);
	if (result != KM_WAYPOINT || !km_options.has_tail_calls)
		return result == KM_REFUSE ? KM_FAIL : KM_PROCEED;
	bpf_tail_call(ctx, &km_cgr_tailcall, KM_TAIL_CONNECT4);
	/* No tail call is left. */
	call.addr.word[0] = ctx->user_ip4;
	call.port = ctx->user_port;
	return km_end_connect4(ctx, KM_REASON_TAIL_CALL_LIMIT, &call, KM_PROCEED);
}

SEC("cgroup/connect4")
int km_connect4(struct bpf_sock_addr *ctx)
{
	if (km_options.each_connect_remembers)
		bpf_sk_storage_delete(&km_sockstorage, ctx->sk);
	return km_pass4(ctx);
}

/* The chain again, from a waypoint's address: what the connect remembers stays. */
SEC("cgroup/connect4")
int km_connect4_wp(struct bpf_sock_addr *ctx)
{
	return km_pass4(ctx);
}

#endif
