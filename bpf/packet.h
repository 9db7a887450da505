/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a frame is: Ethernet with VLAN tags, IPv4 with options, IPv6 with extension headers, fragments, TCP.
 *
 * All headers must lie in the first, linear part of a frame, as every driver has it; only the length of the IP packet is
 * compared with the whole frame. What follows the IP packet in the frame is padding and never read.
 */
#ifndef KM_PACKET_H
#define KM_PACKET_H

#include "base.h"

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

enum km_packet_kind {
	KM_PACKET_NOT_IP,
	KM_PACKET_NOT_TCP,
	KM_PACKET_UNREADABLE,		/* malformed before its destination */
	KM_PACKET_MALFORMED,		/* malformed after its destination, and may be TCP */
	KM_PACKET_LATER_FRAGMENT,	/* of what may be TCP: without ports */
	KM_PACKET_TCP,			/* whole, or the first fragment */
};

enum {
	KM_IPV4_MORE_FRAGMENTS = 0x2000,
	KM_IPV4_OFFSET_MASK = 0x1fff,
	KM_IPV6_MORE_FRAGMENTS = 0x0001,
	KM_IPV6_OFFSET_MASK = 0xfff8,
	KM_NEXT_HIP = 139,
	KM_NEXT_SHIM6 = 140,
	KM_TCP_FLAGS_AT = 13,
	KM_TCP_FIN = 0x01,
	KM_TCP_SYN = 0x02,
	KM_TCP_RST = 0x04,
	KM_TCP_PSH = 0x08,
	KM_TCP_ACK = 0x10,
	/* For the verifier: no header begins after it. Tags, IPv6 and the most and longest extensions are less. */
	KM_HEADER_LIMIT = 0x7fff,
};

struct km_packet {
	struct km_tuple tuple;		/* as km_verdict's key; without ports where they are not known */
	__u32 identification;		/* of fragments, as in the packet */
	bool is_ipv6;
	bool is_opening;		/* SYN without ACK */
	bool is_first_fragment;
	bool is_routed;			/* a routing header names stations before the destination */
};

static __always_inline void km_packet_source(const struct km_packet *packet, struct km_addr *source)
{
	if (packet->is_ipv6)
		__builtin_memcpy(source, packet->tuple.ipv6.saddr, sizeof(*source));
	else
		*source = (struct km_addr){ .word[0] = packet->tuple.ipv4.saddr };
}

static __always_inline void km_packet_destination(const struct km_packet *packet, struct km_addr *destination)
{
	if (packet->is_ipv6)
		__builtin_memcpy(destination, packet->tuple.ipv6.daddr, sizeof(*destination));
	else
		*destination = (struct km_addr){ .word[0] = packet->tuple.ipv4.daddr };
}

/* Host order. */
static __always_inline __u16 km_packet_destination_port(const struct km_packet *packet)
{
	return packet->is_ipv6 ? packet->tuple.ipv6.dport : packet->tuple.ipv4.dport;
}

/* A frame's linear part. Read from the context once: the compiler might join later reads of its half pointers. */
struct km_frame {
	struct xdp_md *ctx;
	void *data;
	void *data_end;
};

/* Where reading stands. Offsets are from the frame's first byte. */
struct km_cursor {
	__u32 offset;		/* of the next header */
	__u32 ip_end;		/* of the IP packet */
	__u8 protocol;		/* of the next header */
};

static __always_inline bool km_is_in_frame(const struct km_frame *frame, __u32 end)
{
	return end <= frame->data_end - frame->data || end <= bpf_xdp_get_buff_len(frame->ctx);
}

static __always_inline bool km_is_extension(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case KM_NEXT_HIP:
	case KM_NEXT_SHIM6:
	case IPPROTO_AH:
	case IPPROTO_FRAGMENT:
		return 1;
	default:
		return 0;
	}
}

struct km_fragment_header {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__u32 identification;
};
KM_ASSERT_SIZE(km_fragment_header, 8);

/* A later fragment's first bytes are no header. Those that would overwrite the TCP header are not to be let in. */
static __always_inline enum km_packet_kind km_later_fragment(__u32 byte_offset, bool may_be_tcp)
{
	if (!may_be_tcp)
		return KM_PACKET_NOT_TCP;
	return byte_offset < sizeof(struct tcphdr) ? KM_PACKET_MALFORMED : KM_PACKET_LATER_FRAGMENT;
}

/*
 * Walks over extension headers up to another protocol, which is left in the cursor. Returns KM_PACKET_TCP to go on, as
 * enum km_packet_kind. Not inlined: rare, and so verified by itself.
 */
__noinline int km_walk_extensions(struct xdp_md *ctx, struct km_packet *packet, struct km_cursor *cursor)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	const struct km_fragment_header *fragment;
	__u32 offset, length, fragment_offset, i;
	const __u8 *header;
	__u8 protocol;

	/* For the verifier, as the next. */
	if (!packet || !cursor)
		return KM_PACKET_MALFORMED;
	offset = cursor->offset;
	protocol = cursor->protocol;
	for (i = 0; i < KM_EXTENSION_LIMIT; i++) {
		if (!km_is_extension(protocol))
			break;
		header = data + offset;
		if (offset > KM_HEADER_LIMIT || offset + 8 > cursor->ip_end || (void *)(header + 8) > data_end)
			return KM_PACKET_MALFORMED;
		if (protocol == IPPROTO_FRAGMENT) {
			fragment = (const void *)header;
			length = sizeof(*fragment);
			fragment_offset = bpf_ntohs(fragment->offset) & KM_IPV6_OFFSET_MASK;
			if (fragment_offset || (fragment->offset & bpf_htons(KM_IPV6_MORE_FRAGMENTS)))
				packet->identification = fragment->identification;
			if (fragment_offset)
				return km_later_fragment(fragment_offset, header[0] == IPPROTO_TCP ||
								  km_is_extension(header[0]));
			packet->is_first_fragment |= !!(fragment->offset & bpf_htons(KM_IPV6_MORE_FRAGMENTS));
		} else if (protocol == IPPROTO_AH) {
			length = (header[1] + 2) * 4;
		} else {
			length = (header[1] + 1) * 8;
			packet->is_routed |= protocol == IPPROTO_ROUTING && header[3];
		}
		if (offset + length > cursor->ip_end)
			return KM_PACKET_MALFORMED;
		protocol = header[0];
		offset += length;
	}
	if (km_is_extension(protocol))
		return KM_PACKET_MALFORMED;
	cursor->offset = offset;
	cursor->protocol = protocol;
	return KM_PACKET_TCP;
}

static __always_inline enum km_packet_kind km_parse_tcp(const struct km_frame *frame, struct km_packet *packet,
							const struct km_cursor *cursor)
{
	__u32 offset = cursor->offset;
	const struct tcphdr *tcp;
	__u16 sport, dport;
	__u32 length;
	__u8 flags;

	if (cursor->protocol != IPPROTO_TCP)
		return KM_PACKET_NOT_TCP;
	/* For the verifier: what is compared is what is added. Linux 6.1 does not see that another copy has its bounds. */
	asm volatile("" : "+r"(offset));
	if (offset > KM_HEADER_LIMIT)
		return KM_PACKET_MALFORMED;
	tcp = frame->data + offset;
	if (offset + sizeof(*tcp) > cursor->ip_end || (void *)(tcp + 1) > frame->data_end)
		return KM_PACKET_MALFORMED;
	length = tcp->doff * 4;
	if (length < sizeof(*tcp) || offset + length > cursor->ip_end || packet->is_routed)
		return KM_PACKET_MALFORMED;
	flags = ((const __u8 *)tcp)[KM_TCP_FLAGS_AT];
	packet->is_opening = (flags & (KM_TCP_SYN | KM_TCP_ACK)) == KM_TCP_SYN;
	sport = bpf_ntohs(tcp->source);
	dport = bpf_ntohs(tcp->dest);
	if (packet->is_ipv6) {
		packet->tuple.ipv6.sport = sport;
		packet->tuple.ipv6.dport = dport;
	} else {
		packet->tuple.ipv4.sport = sport;
		packet->tuple.ipv4.dport = dport;
	}
	return KM_PACKET_TCP;
}

static __always_inline enum km_packet_kind km_parse_ipv4(const struct km_frame *frame, struct km_packet *packet,
							 __u32 offset)
{
	const struct iphdr *ip = frame->data + offset;
	struct km_cursor cursor;
	__u32 header_length, total_length, fragment, i;
	const __u8 *header;

	if ((void *)(ip + 1) > frame->data_end || ip->version != 4)
		return KM_PACKET_UNREADABLE;
	packet->tuple.ipv4.saddr = ip->saddr;
	packet->tuple.ipv4.daddr = ip->daddr;
	header_length = ip->ihl * 4;
	total_length = bpf_ntohs(ip->tot_len);
	cursor.offset = offset + header_length;
	cursor.ip_end = offset + total_length;
	cursor.protocol = ip->protocol;
	if (header_length < sizeof(*ip) || total_length < header_length || !km_is_in_frame(frame, cursor.ip_end))
		return KM_PACKET_MALFORMED;
	fragment = bpf_ntohs(ip->frag_off) & (KM_IPV4_MORE_FRAGMENTS | KM_IPV4_OFFSET_MASK);
	if (fragment) {
		packet->identification = ip->id;
		if (fragment & KM_IPV4_OFFSET_MASK)
			return km_later_fragment((fragment & KM_IPV4_OFFSET_MASK) * 8, ip->protocol == IPPROTO_TCP);
		packet->is_first_fragment = 1;
	}
	for (i = 0; i < KM_EXTENSION_LIMIT && cursor.protocol == IPPROTO_AH; i++) {
		header = frame->data + cursor.offset;
		if (cursor.offset + 8 > cursor.ip_end || (void *)(header + 8) > frame->data_end)
			return KM_PACKET_MALFORMED;
		cursor.offset += (header[1] + 2) * 4;
		cursor.protocol = header[0];
		if (cursor.offset > cursor.ip_end)
			return KM_PACKET_MALFORMED;
	}
	if (cursor.protocol == IPPROTO_AH)
		return KM_PACKET_MALFORMED;
	return km_parse_tcp(frame, packet, &cursor);
}

static __always_inline enum km_packet_kind km_parse_ipv6(const struct km_frame *frame, struct km_packet *packet,
							 __u32 offset)
{
	const struct ipv6hdr *ip = frame->data + offset;
	struct km_cursor cursor;
	int kind;

	if ((void *)(ip + 1) > frame->data_end || ip->version != 6)
		return KM_PACKET_UNREADABLE;
	packet->is_ipv6 = 1;
	__builtin_memcpy(packet->tuple.ipv6.saddr, &ip->saddr, sizeof(packet->tuple.ipv6.saddr));
	__builtin_memcpy(packet->tuple.ipv6.daddr, &ip->daddr, sizeof(packet->tuple.ipv6.daddr));
	cursor.offset = offset + sizeof(*ip);
	cursor.ip_end = cursor.offset + bpf_ntohs(ip->payload_len);
	cursor.protocol = ip->nexthdr;
	/* Without a length it would be a jumbogram. */
	if (!km_is_in_frame(frame, cursor.ip_end) || (!ip->payload_len && ip->nexthdr == IPPROTO_HOPOPTS))
		return KM_PACKET_MALFORMED;
	if (km_is_extension(cursor.protocol)) {
		kind = km_walk_extensions(frame->ctx, packet, &cursor);
		if (kind != KM_PACKET_TCP)
			return packet->is_routed && kind == KM_PACKET_LATER_FRAGMENT ? KM_PACKET_MALFORMED : kind;
	}
	return km_parse_tcp(frame, packet, &cursor);
}

/* Reads a frame. The packet is zeroed before. */
static __always_inline enum km_packet_kind km_parse(struct xdp_md *ctx, struct km_packet *packet)
{
	const struct km_frame frame = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
	};
	__u32 offset = sizeof(struct ethhdr);
	__be16 type;
	__u32 i;

	if (frame.data + offset > frame.data_end)
		return KM_PACKET_UNREADABLE;
	type = ((const struct ethhdr *)frame.data)->h_proto;
	for (i = 0; i <= KM_VLAN_TAG_LIMIT; i++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (i == KM_VLAN_TAG_LIMIT || frame.data + offset + 4 > frame.data_end)
			return KM_PACKET_UNREADABLE;
		/* Two bytes of the tag, then the type of what follows. */
		type = *(const __be16 *)(frame.data + offset + 2);
		offset += 4;
	}
	if (type == bpf_htons(ETH_P_IP))
		return km_parse_ipv4(&frame, packet, offset);
	if (type == bpf_htons(ETH_P_IPV6))
		return km_parse_ipv6(&frame, packet, offset);
	return KM_PACKET_NOT_IP;
}

#endif
