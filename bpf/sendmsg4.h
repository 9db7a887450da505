/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cgroup/sendmsg4: an unconnected IPv4 UDP socket sends a datagram; a question to port 53 goes to the DNS proxy. */
#ifndef KM_SENDMSG4_H
#define KM_SENDMSG4_H

#include "datagram.h"

static __always_inline __u32 km_send4(struct bpf_sock_addr *ctx, const struct km_call *call)
{
	__u32 reason = km_datagram_gate(ctx, call, KM_REASON_NOT_TCP);
	const struct km_backend_value *proxy;
	struct km_sockstorage_value *storage;

	if (reason)
		return reason;
	proxy = km_dns_proxy();
	if (!proxy)
		return KM_REASON_DNS_NO_PROXY;
	/* A reply goes by the latest question, or by whatever was remembered first. */
	storage = km_storage_create(ctx->sk);
	if (storage && (km_options.dns_reply_of_proxy_only || !storage->has_set_ip))
		km_set_original4(storage, call->addr.word[0], call->port);
	ctx->user_ip4 = proxy->addr.word[0];
	return KM_REASON_DNS_REDIRECTED;
}

SEC("cgroup/sendmsg4")
int km_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct km_call call = {};

	km_read_datagram4(ctx, &call);
	return km_end_call(ctx, KM_HOOK_SENDMSG4, km_send4(ctx, &call), &call, KM_PROCEED);
}

#endif
