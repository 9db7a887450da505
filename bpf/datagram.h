/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What sendmsg4 and recvmsg4 share: their first steps. */
#ifndef KM_DATAGRAM_H
#define KM_DATAGRAM_H

#include "base.h"
#include "connect.h"
#include "gate.h"

/* The peer of a datagram: where it goes (sendmsg), or where it came from (recvmsg). */
static __always_inline void km_read_datagram4(const struct bpf_sock_addr *ctx, struct km_call *call)
{
	call->addr.word[0] = ctx->user_ip4;
	call->port = ctx->user_port;
}

/* Control addresses, who is managed, and the port. Returns why the datagram stays as it is, KM_REASON_NONE to go on. */
static __always_inline __u32 km_datagram_gate(struct bpf_sock_addr *ctx, const struct km_call *call,
					      __u32 other_port_reason)
{
	__u64 cookie = bpf_get_netns_cookie(ctx);
	__u32 reason = km_control_namespace(&call->addr, call->port, 0, cookie);

	if (reason)
		return reason;
	if (!km_cookie_is_managed(cookie))
		return KM_REASON_NOT_MANAGED;
	return call->port == bpf_htons(KM_DNS_PORT) ? KM_REASON_NONE : other_port_reason;
}

#endif
