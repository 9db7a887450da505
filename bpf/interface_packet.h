/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs at a node's interfaces (tc) ask of a frame: its IP addresses, and whether it carries ESP.
 *
 * Bytes are copied out, since the headers need not lie in the linear part of a socket buffer. A VLAN tag that the kernel
 * has taken out of the frame counts as one.
 */
#ifndef KM_INTERFACE_PACKET_H
#define KM_INTERFACE_PACKET_H

#include "base.h"
#include "maps.h"
#include "options.h"
#include "packet.h"

#include <linux/pkt_cls.h>

enum km_interface_kind {
	KM_INTERFACE_NOT_IP,
	KM_INTERFACE_UNREADABLE,	/* the addresses cannot be told */
	KM_INTERFACE_IP,
};

/* Where the EtherType of a frame, or of what follows a tag, stands. */
enum {
	KM_ETHER_TYPE_AT = 12,
	KM_TAG_TYPE_AT = 2,
	KM_TAG_BYTES = 4,
};

struct km_interface_packet {
	struct km_addr source;
	struct km_addr destination;
	bool is_ipv6;
	bool is_esp;		/* set only where asked for */
};

/* Walks over extension headers, of IPv4 the authentication header alone. */
static __always_inline bool km_leads_to_esp(struct __sk_buff *ctx, const struct km_cursor *start, bool is_ipv6)
{
	struct km_cursor cursor = *start;
	struct km_fragment_header header;
	__u32 length, i;

	if (cursor.ip_end > ctx->len)
		cursor.ip_end = ctx->len;
	for (i = 0; i < KM_EXTENSION_LIMIT; i++) {
		if (is_ipv6 ? !km_is_extension(cursor.protocol) : cursor.protocol != IPPROTO_AH)
			break;
		/* Every extension header has these bytes: what comes next, a length, and more. */
		if (cursor.offset + sizeof(header) > cursor.ip_end ||
		    bpf_skb_load_bytes(ctx, cursor.offset, &header, sizeof(header)))
			return 0;
		length = (header.reserved + 1) * 8;
		if (cursor.protocol == IPPROTO_AH)
			length = (header.reserved + 2) * 4;
		if (cursor.protocol == IPPROTO_FRAGMENT)
			length = sizeof(header);
		if (cursor.offset + length > cursor.ip_end)
			return 0;
		/* Behind the fragment header of a later fragment nothing is a header. */
		if (cursor.protocol == IPPROTO_FRAGMENT && (header.offset & bpf_htons(KM_IPV6_OFFSET_MASK)))
			return header.next == IPPROTO_ESP;
		cursor.protocol = header.next;
		cursor.offset += length;
	}
	return cursor.protocol == IPPROTO_ESP;
}

static __always_inline enum km_interface_kind km_read_ipv4(struct __sk_buff *ctx, struct km_interface_packet *packet,
							   __u32 offset, bool asks_for_esp)
{
	struct km_cursor cursor;
	struct iphdr ip;

	if (bpf_skb_load_bytes(ctx, offset, &ip, sizeof(ip)) || (km_options.tc_walks_headers && ip.version != 4))
		return KM_INTERFACE_UNREADABLE;
	packet->source.word[0] = ip.saddr;
	packet->destination.word[0] = ip.daddr;
	if (!asks_for_esp)
		return KM_INTERFACE_IP;
	packet->is_esp = ip.protocol == IPPROTO_ESP;
	if (km_options.tc_walks_headers && ip.protocol == IPPROTO_AH && ip.ihl * 4 >= sizeof(ip) &&
	    !(ip.frag_off & bpf_htons(KM_IPV4_OFFSET_MASK))) {
		cursor.offset = offset + ip.ihl * 4;
		cursor.ip_end = offset + bpf_ntohs(ip.tot_len);
		cursor.protocol = ip.protocol;
		packet->is_esp = km_leads_to_esp(ctx, &cursor, 0);
	}
	return KM_INTERFACE_IP;
}

static __always_inline enum km_interface_kind km_read_ipv6(struct __sk_buff *ctx, struct km_interface_packet *packet,
							   __u32 offset, bool asks_for_esp)
{
	struct km_cursor cursor;
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(ctx, offset, &ip, sizeof(ip)) || (km_options.tc_walks_headers && ip.version != 6))
		return KM_INTERFACE_UNREADABLE;
	packet->is_ipv6 = 1;
	__builtin_memcpy(&packet->source, &ip.saddr, sizeof(packet->source));
	__builtin_memcpy(&packet->destination, &ip.daddr, sizeof(packet->destination));
	if (!asks_for_esp)
		return KM_INTERFACE_IP;
	packet->is_esp = ip.nexthdr == IPPROTO_ESP;
	if (km_options.tc_walks_headers && km_is_extension(ip.nexthdr)) {
		cursor.offset = offset + sizeof(ip);
		cursor.ip_end = cursor.offset + bpf_ntohs(ip.payload_len);
		cursor.protocol = ip.nexthdr;
		packet->is_esp = km_leads_to_esp(ctx, &cursor, 1);
	}
	return KM_INTERFACE_IP;
}

static __always_inline bool km_is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* Reads a frame. The packet is zeroed before. */
static __always_inline enum km_interface_kind km_read_frame(struct __sk_buff *ctx, struct km_interface_packet *packet,
							    bool asks_for_esp)
{
	__u32 offset = sizeof(struct ethhdr);
	__u32 tags = ctx->vlan_present ? 1 : 0;
	__be16 type;
	__u32 i;

	if (bpf_skb_load_bytes(ctx, KM_ETHER_TYPE_AT, &type, sizeof(type)))
		return KM_INTERFACE_UNREADABLE;
	if (km_options.tc_walks_headers) {
		for (i = 0; i <= KM_VLAN_TAG_LIMIT; i++) {
			if (!km_is_tag(type))
				break;
			if (tags++ == KM_VLAN_TAG_LIMIT ||
			    bpf_skb_load_bytes(ctx, offset + KM_TAG_TYPE_AT, &type, sizeof(type)))
				return KM_INTERFACE_UNREADABLE;
			offset += KM_TAG_BYTES;
		}
	}
	if (type == bpf_htons(ETH_P_IP))
		return km_read_ipv4(ctx, packet, offset, asks_for_esp);
	if (type == bpf_htons(ETH_P_IPV6))
		return km_read_ipv6(ctx, packet, offset, asks_for_esp);
	return KM_INTERFACE_NOT_IP;
}

/* Whether km_nodeinfo has an address: a pod of a peer has it. */
static __always_inline bool km_is_of_peer(const struct km_addr *addr, bool is_ipv6)
{
	struct km_nodeinfo_key key = { .prefix_length = is_ipv6 ? 128 : 32, .addr = *addr };

	return bpf_map_lookup_elem(&km_nodeinfo, &key) != 0;
}

static __always_inline __u32 km_reason_of_unreadable(void)
{
	return km_options.tc_walks_headers ? KM_REASON_UNREADABLE_DROPPED : KM_REASON_UNREADABLE_PASSED;
}

/*
 * What a program at an interface returns. TC_ACT_OK, as upstream's do, lets the packet pass and asks no filter that
 * follows, neither in tcx (where it is TCX_PASS) nor in cls_bpf; TC_ACT_UNSPEC (TCX_NEXT) leaves it to them, and without
 * any the packet passes.
 */
static __always_inline int km_interface_verdict(__u32 reason)
{
	if (reason == KM_REASON_CLEAR_FROM_PEER || reason == KM_REASON_UNREADABLE_DROPPED)
		return TC_ACT_SHOT;
	return km_options.tc_ends_filters ? TC_ACT_OK : TC_ACT_UNSPEC;
}

#endif
