/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cgroup/recvmsg4: an IPv4 UDP socket receives a datagram; a reply of the DNS proxy shows the server that was asked.
 */
#ifndef KM_RECVMSG4_H
#define KM_RECVMSG4_H

#include "datagram.h"

static __always_inline __u32 km_receive4(struct bpf_sock_addr *ctx, const struct km_call *call)
{
	__u32 reason = km_datagram_gate(ctx, call, KM_REASON_DNS_REPLY_UNTOUCHED);
	const struct km_sockstorage_value *storage;
	const struct km_backend_value *proxy;

	if (reason)
		return reason;
	proxy = km_dns_proxy();
	if (!proxy)
		return KM_REASON_DNS_NO_PROXY;
	storage = km_storage(ctx->sk);
	if (km_options.dns_reply_of_proxy_only) {
		if (proxy->addr.word[0] != call->addr.word[0] || !storage || !storage->has_set_ip)
			return KM_REASON_DNS_REPLY_UNTOUCHED;
		ctx->user_ip4 = storage->original_dst.ipv4.daddr;
		return KM_REASON_DNS_REPLY_RESTORED;
	}
	/* Nothing remembered reads as 0.0.0.0, as upstream's programs show it. */
	ctx->user_ip4 = storage ? storage->original_dst.ipv4.daddr : 0;
	return KM_REASON_DNS_REPLY_RESTORED;
}

SEC("cgroup/recvmsg4")
int km_recvmsg4(struct bpf_sock_addr *ctx)
{
	struct km_call call = {};

	km_read_datagram4(ctx, &call);
	/* A received datagram cannot be refused: the verifier wants 1. */
	km_end_call(ctx, KM_HOOK_RECVMSG4, km_receive4(ctx, &call), &call, KM_PROCEED);
	return KM_PROCEED;
}

#endif
