/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space denied: the connection's next packet becomes a reset. As upstream does it: the parser goes by the
 * version nibble and walks over nothing, and the checksum stays as it was.
 */
#ifndef KM_RESET_H
#define KM_RESET_H

#include "base.h"
#include "maps.h"
#include "packet.h"

/* Reads the tuple of a frame. Returns where its TCP header begins, or 0. */
static __always_inline __u32 km_parse_plainly(struct xdp_md *ctx, struct km_tuple *tuple)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	const struct ipv6hdr *ipv6 = data + sizeof(struct ethhdr);
	const struct iphdr *ipv4 = data + sizeof(struct ethhdr);
	const struct tcphdr *tcp;

	if ((void *)(ipv4 + 1) > data_end)
		return 0;
	if (ipv4->version == 4) {
		tcp = (const void *)(ipv4 + 1);
		if (ipv4->protocol != IPPROTO_TCP || (void *)(tcp + 1) > data_end)
			return 0;
		tuple->ipv4.saddr = ipv4->saddr;
		tuple->ipv4.daddr = ipv4->daddr;
		tuple->ipv4.sport = bpf_ntohs(tcp->source);
		tuple->ipv4.dport = bpf_ntohs(tcp->dest);
		return sizeof(struct ethhdr) + sizeof(*ipv4);
	}
	tcp = (const void *)(ipv6 + 1);
	if (ipv4->version != 6 || (void *)(tcp + 1) > data_end || ipv6->nexthdr != IPPROTO_TCP)
		return 0;
	__builtin_memcpy(tuple->ipv6.saddr, &ipv6->saddr, sizeof(tuple->ipv6.saddr));
	__builtin_memcpy(tuple->ipv6.daddr, &ipv6->daddr, sizeof(tuple->ipv6.daddr));
	tuple->ipv6.sport = bpf_ntohs(tcp->source);
	tuple->ipv6.dport = bpf_ntohs(tcp->dest);
	return sizeof(struct ethhdr) + sizeof(*ipv6);
}

static __always_inline __u32 km_obey_user_space(struct xdp_md *ctx)
{
	const struct km_auth_result *result;
	struct km_tuple tuple = {};
	__u32 offset = km_parse_plainly(ctx, &tuple);
	void *data = (void *)(long)ctx->data;
	__u8 *flags;

	if (!offset)
		return KM_REASON_NO_DENIAL;
	result = bpf_map_lookup_elem(&km_auth_res, &tuple);
	if (!result || result->denied != 1)
		return KM_REASON_NO_DENIAL;
	bpf_map_delete_elem(&km_auth_res, &tuple);
	flags = data + offset + KM_TCP_FLAGS_AT;
	/* For the verifier: it was there when it was read. */
	if ((void *)(flags + 1) > (void *)(long)ctx->data_end)
		return KM_REASON_NO_DENIAL;
	*flags = (*flags & ~(KM_TCP_FIN | KM_TCP_SYN | KM_TCP_PSH | KM_TCP_ACK)) | KM_TCP_RST;
	return KM_REASON_RESET;
}

#endif
