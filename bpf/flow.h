/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is remembered of flows and of fragmented packets. Nothing of it is needed to deny. */
#ifndef KM_FLOW_H
#define KM_FLOW_H

#include "authority.h"
#include "base.h"
#include "maps.h"
#include "packet.h"

enum { KM_FLOW_UNKNOWN = 3 };	/* beside enum km_flow_verdict */

/* A value of km_verdict or km_fragment as one number. Read and compared whole: the kernel may reuse its memory. */
static __always_inline __u64 km_verdict_bits(__u32 generation, __u32 verdict)
{
	return (__u64)verdict << 32 | generation;
}

/* The verdict of a flow or of a fragmented packet, KM_FLOW_UNKNOWN without one of this generation. */
static __always_inline __u32 km_recall(void *map, const void *key, __u32 generation)
{
	const volatile __u64 *value = bpf_map_lookup_elem(map, key);
	__u64 bits;

	if (!value)
		return KM_FLOW_UNKNOWN;
	bits = *value;
	return (__u32)bits == generation && bits >> 32 < KM_FLOW_UNKNOWN ? bits >> 32 : KM_FLOW_UNKNOWN;
}

/*
 * Remembers a verdict, unless it is remembered already. A failure changes nothing: it is found again. An entry is replaced
 * and not written to: its memory may be another key's by now.
 */
static __always_inline void km_memorize(void *map, const void *key, __u32 generation, __u32 verdict)
{
	const volatile __u64 *value = bpf_map_lookup_elem(map, key);
	__u64 bits = km_verdict_bits(generation, verdict);

	if (!value || *value != bits)
		bpf_map_update_elem(map, key, &bits, BPF_ANY);
}


/* The place of a flow in km_recent. */
static __always_inline struct km_recent *km_recent_place(const struct km_packet *packet)
{
	const __u32 *word = (const __u32 *)&packet->tuple;
	__u32 hash = word[0] ^ word[1] * 0x9e3779b1 ^ word[2] * 0x7feb352d;
	__u32 index;

	if (packet->is_ipv6)
		hash ^= word[3] * 0x27d4eb2f ^ word[4] * 0x165667b1 ^ word[5] * 0x846ca68b ^ word[6] * 0xcc9e2d51 ^
			word[7] * 0x1b873593 ^ word[8] * 0xe6546b65;
	index = hash * 0x9e3779b1 >> (32 - KM_RECENT_BITS);
	return bpf_map_lookup_elem(&km_recent, &index);
}

/* The verdict that this processor gave lately, KM_FLOW_UNKNOWN without one of this generation. */
static __always_inline __u32 km_recall_recent(const struct km_packet *packet, __u32 generation)
{
	const struct km_recent *recent = km_recent_place(packet);
	const __u32 *word = (const __u32 *)&packet->tuple;
	const __u32 *known;
	__u32 difference;

	if (!recent)
		return KM_FLOW_UNKNOWN;
	known = (const __u32 *)&recent->tuple;
	difference = recent->generation ^ generation;
	difference |= recent->is_ipv6 ^ packet->is_ipv6;
	difference |= known[0] ^ word[0];
	difference |= known[1] ^ word[1];
	difference |= known[2] ^ word[2];
	if (packet->is_ipv6) {
		difference |= known[3] ^ word[3];
		difference |= known[4] ^ word[4];
		difference |= known[5] ^ word[5];
		difference |= known[6] ^ word[6];
		difference |= known[7] ^ word[7];
		difference |= known[8] ^ word[8];
	}
	return difference ? KM_FLOW_UNKNOWN : recent->verdict;
}

static __always_inline void km_memorize_recent(const struct km_packet *packet, __u32 generation, __u32 verdict)
{
	struct km_recent *recent = km_recent_place(packet);

	if (!recent)
		return;
	recent->tuple = packet->tuple;
	recent->is_ipv6 = packet->is_ipv6;
	recent->generation = generation;
	recent->verdict = verdict;
}

/* The verdict of a flow, KM_FLOW_UNKNOWN without one of this generation. */
static __always_inline __u32 km_recall_flow(const struct km_packet *packet, __u32 generation)
{
	__u32 verdict = km_recall(&km_verdict, &packet->tuple, generation);

	if (verdict == KM_FLOW_DENIED || verdict == KM_FLOW_ALLOWED)
		km_memorize_recent(packet, generation, verdict);
	return verdict;
}

static __always_inline void km_remember_verdict(const struct km_packet *packet, __u32 generation, __u32 verdict)
{
	km_memorize(&km_verdict, &packet->tuple, generation, verdict);
	if (verdict != KM_FLOW_REPLY)
		km_memorize_recent(packet, generation, verdict);
}

/* Whether a packet belongs to a flow that the pod opened; remembered, so that the next ones need one lookup. */
static __always_inline bool km_is_reply(const struct km_packet *packet, __u32 generation)
{
	if (!bpf_map_lookup_elem(&km_flow, &packet->tuple))
		return 0;
	km_remember_verdict(packet, generation, KM_FLOW_REPLY);
	/* sockops may have taken both away between the two. */
	if (bpf_map_lookup_elem(&km_flow, &packet->tuple))
		return 1;
	bpf_map_delete_elem(&km_verdict, &packet->tuple);
	return 0;
}

static __always_inline void km_fragment_key_of(struct km_fragment_key *key, const struct km_packet *packet)
{
	km_packet_source(packet, &key->source);
	km_packet_destination(packet, &key->destination);
	key->identification = packet->identification;
	key->is_ipv6 = packet->is_ipv6;
}

/* Later fragments get in where their first did. */
static __always_inline void km_note_first_fragment(const struct km_packet *packet, __u32 generation, bool is_let_in)
{
	struct km_fragment_key key;

	km_fragment_key_of(&key, packet);
	if (is_let_in)
		km_memorize(&km_fragment, &key, generation, KM_FLOW_ALLOWED);
	else
		bpf_map_delete_elem(&km_fragment, &key);
}

static __always_inline bool km_is_first_let_in(const struct km_packet *packet, __u32 generation)
{
	struct km_fragment_key key;

	km_fragment_key_of(&key, packet);
	return km_recall(&km_fragment, &key, generation) == KM_FLOW_ALLOWED;
}

#endif
