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

/* Whether a packet belongs to a flow that the pod opened. */
static __always_inline bool km_is_reply(const struct km_packet *packet)
{
	return bpf_map_lookup_elem(&km_flow, &packet->tuple);
}

/* From now on the flow is the peer's. */
static __always_inline void km_forget_flow(const struct km_packet *packet)
{
	if (km_is_reply(packet))
		bpf_map_delete_elem(&km_flow, &packet->tuple);
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
